"""Many runs of one spec: which there are, what each is called, and processes that train them."""
