"""How the page of mistakes looks: by the system's fonts, light or dark as the reader has it, and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ground: #fff; --card: #f6f7f9; --line: #dde1e6; --text: #1c2128; --soft: #59636e;
  --bar: #3d7cc9; --right: #1a7f37; --wrong: #b3202c; --unknown: #6e7781; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171c; --card: #1d2229; --line: #343b45; --text: #e4e8ed;
  --soft: #9aa5b1; --bar: #5b9be6; --right: #56d071; --wrong: #ff7b82; --unknown: #9aa5b1; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 76rem; background: var(--ground);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; } h2 { margin: 3rem 0 0; font-size: 1.35rem; }
h3 { margin: 2rem 0 .4rem; font-size: 1.05rem; } h1, h2, td, li { overflow-wrap: anywhere; }
p { margin: .3rem 0; max-width: 48rem; } .soft, caption { color: var(--soft); }
a { color: inherit; } :focus-visible { outline: 3px solid var(--bar); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
nav ul { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: 1rem 0 0; list-style: none; }
nav a { display: block; padding: .25rem .8rem; border: 1px solid var(--line); border-radius: 2rem;
  background: var(--card); text-decoration: none; } nav a:hover { border-color: var(--bar); }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .92rem; }
caption { padding: 0 0 .4rem; text-align: left; max-width: 48rem; }
th, td { padding: .3rem 1.1rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; } tbody th { font-weight: 500; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
meter { width: 5rem; height: .7rem; margin-left: .6rem; vertical-align: baseline; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(15.5rem, 1fr)); gap: 1rem; padding: 0;
  margin: .6rem 0 0; list-style: none; }
.cards > li { padding: .8rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card);
  font-size: .9rem; break-inside: avoid; }
.cards img { display: block; width: 100%; max-width: 10rem; height: auto; margin-bottom: .6rem; border-radius: .3rem; }
.cards h4 { margin: 0; font-size: .9rem; } .cards h5 { margin: .6rem 0 0; font-size: .8rem; font-weight: 500;
  color: var(--soft); } .cards ul { margin: 0; padding: 0; list-style: none; }
.cards ul li { display: flex; justify-content: space-between; gap: .8rem; }
.yes { color: var(--right); } .no { color: var(--wrong); } .open { color: var(--unknown); }
@media print { nav, .skip { display: none; } }
"""
