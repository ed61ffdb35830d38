from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from compose.block import BlockError
from compose.data.loader import Loader
from compose.data.pictures.images import Images
from compose.data.pictures.picture import PictureError
from compose.data.source import DataError

COUNT = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty pictures, and label files: cats on the even ones, dogs on each third, a bird on the last."""
    rng = np.random.default_rng(0)
    for i in range(COUNT):
        noise = rng.integers(0, 255, (30, 40, 3), np.uint8)
        Image.fromarray(noise).resize((60 + i, 48)).save(tmp_path / f"{i}.jpg")
    rows = [f"{i}.jpg,{';'.join(labels_of(i))}" for i in range(COUNT)]
    (tmp_path / "labels.csv").write_text("\n".join(["image,labels", *rows, ""]))
    return tmp_path


def labels_of(i: int) -> list[str]:
    return ["cat"] * (i % 2 == 0) + ["dog"] * (i % 3 == 0) + ["bird"] * (i == COUNT - 1)


def images(folder: Path, **options: Any) -> Images:
    return Images(folder, **{"labels": folder / "labels.csv", "size": 32, **options})


def refusal(folder: Path, **options: Any) -> tuple[str | None, str]:
    with pytest.raises(BlockError) as error:
        images(folder, **options)
    return error.value.parameter, str(error.value)


def test_a_source(folder: Path) -> None:
    source = images(folder, unseen=["dog"])
    assert source.labels.names == ("bird", "cat", "dog")
    assert source.labels.seen == (True, True, False)
    assert source.shapes == {"image": (3, 32, 32)}
    assert {split: len(source.split(split)) for split in ("train", "val", "test")} == {"train": 16, "val": 2, "test": 2}
    batch = source.split("train")[range(4)]
    assert (batch["image"].shape, batch["image"].dtype) == ((4, 3, 32, 32), torch.float32)
    assert (batch["targets"].shape, batch["targets"].dtype) == ((4, 3), torch.int8)


def test_examples_are_called_by_their_files(folder: Path) -> None:
    source = images(folder, unseen=["dog"])
    for split in ("train", "test"):
        examples = source.split(split)  # type: ignore[arg-type]
        names = examples.names(range(len(examples)))
        for name, row in zip(names, examples[range(len(examples))]["targets"], strict=True):
            assert (folder.parent / name).is_file()
            shown = {source.labels.names[label] for label in (row > 0).nonzero().flatten()}
            assert shown == {*labels_of(int(Path(name).stem))}


def test_all_seen_holds_nothing_back(folder: Path) -> None:
    source = images(folder, unseen=["dog"], all_seen=True)
    assert (source.labels.names, source.labels.seen) == (("bird", "cat", "dog"), (True, True, True))


def test_targets_follow_the_file(folder: Path) -> None:
    examples = images(folder, fractions=(1, 0, 0)).split("train")
    for i, target in enumerate(examples[range(COUNT)]["targets"].tolist()):
        assert target == [1 if name in labels_of(i) else -1 for name in ("bird", "cat", "dog")]


def test_a_file_for_each_split(folder: Path) -> None:
    for split, span in (("train", range(10)), ("test", range(10, 14))):
        rows = [f'{{"image": "{i}.jpg", "labels": ["x"]}}' for i in span]
        (folder / f"{split}.jsonl").write_text("\n".join(rows))
    source = images(folder, labels=None, train=folder / "train.jsonl", test=folder / "test.jsonl")
    assert (len(source.split("train")), len(source.split("test"))) == (10, 4)
    with pytest.raises(DataError, match="no pictures in the split `val`"):
        source.split("val")


def test_training_pictures_are_augmented_anew_in_every_epoch(folder: Path) -> None:
    train = images(folder).split("train")
    first = train[[3]]["image"]
    assert torch.equal(first, train[[3]]["image"])
    assert torch.equal(first[0], train[[5, 3]]["image"][1])
    assert not torch.equal(first, train[[3 + 16]]["image"])
    assert not torch.equal(first, images(folder, seed=1, fractions=(0.8, 0.2, 0)).split("train")[[3]]["image"])
    assert torch.equal(train[[3]]["targets"], train[[3 + 16]]["targets"])


def test_pictures_are_flipped_half_the_time(folder: Path) -> None:
    plain = images(folder, augment="none", fractions=(1, 0, 0)).split("train")[[0]]["image"][0]
    flip = images(folder, augment="flip", fractions=(1, 0, 0)).split("train")
    drawn = flip[[epoch * COUNT for epoch in range(40)]]["image"]
    turned = [torch.equal(image, plain.flip(-1)) for image in drawn]
    assert [torch.equal(image, plain) for image in drawn] == [not flipped for flipped in turned]
    assert 8 < sum(turned) < 32


def test_evaluation_pictures_are_the_same_always(folder: Path) -> None:
    test = images(folder).split("test")
    assert torch.equal(test[[1]]["image"], test[[1 + 2]]["image"])


def test_a_picture_is_predicted_as_it_is_evaluated(folder: Path) -> None:
    source = images(folder, fractions=(0, 0, 1))
    assert torch.equal(source.read_image(folder / "4.jpg"), source.split("test")[[4]]["image"][0])
    squashed = images(folder, fractions=(0, 0, 1), fit="squash")
    assert not torch.equal(squashed.read_image(folder / "4.jpg"), source.read_image(folder / "4.jpg"))


def test_normalisation(folder: Path) -> None:
    Image.new("RGB", (40, 40), "white").save(folder / "white.png")
    assert images(folder, normalisation="half").read_image(folder / "white.png").unique().tolist() == [1.0]
    white = images(folder).read_image(str(folder / "white.png"))[:, 0, 0]
    torch.testing.assert_close(white, torch.tensor([2.2489, 2.4286, 2.6400]), atol=1e-4, rtol=0)


def test_the_vocabulary_orders_and_names_synsets(folder: Path) -> None:
    (folder / "all.txt").write_text("dog\tdog.n.01\nfish\ncat\n\nbird\tbird.n.01\n")
    (folder / "unseen.txt").write_text("bird\n dog\tfrump.n.01\n")
    table = images(folder, vocabulary=folder / "all.txt", unseen=folder / "unseen.txt").labels
    assert table.names == ("dog", "fish", "cat", "bird")
    assert table.seen == (False, True, True, False)
    assert table.synsets == ("frump.n.01", None, None, "bird.n.01")


def test_sound_data_raises_no_alarm(folder: Path) -> None:
    source = images(folder, fractions=(1, 0, 0))
    assert source.check() == []
    assert source.notes() == [
        "6 of 20 pictures in `train` show no label: 1.jpg, 5.jpg, 7.jpg, 11.jpg, 13.jpg and 1 more"
    ]


# --- the report ---------------------------------------------------------------------------------------------------


def spoil(folder: Path) -> None:
    """A missing, an empty, a cut-off and a false picture."""
    (folder / "1.jpg").unlink()
    (folder / "2.jpg").write_bytes(b"")
    (folder / "3.jpg").write_bytes((folder / "3.jpg").read_bytes()[:1000])
    (folder / "4.jpg").write_text("no picture")


def test_one_report_names_everything(folder: Path) -> None:
    spoil(folder)
    with (folder / "labels.csv").open("ab") as file:
        file.write(b"5.jpg,cat\n6.jpg,cta\n7.jpg\n8.jpg,caf\xe9\n")
    (folder / "all.txt").write_text("bird\ncat\ndog\nfish\n")
    source = images(folder, vocabulary=folder / "all.txt")
    where = f"{folder / 'labels.csv'}:"
    assert [line.removeprefix(where).split(" (")[0] for line in source.check()] == [
        "3: 1.jpg: there is no such file",
        "4: 2.jpg: empty file",
        "5: 3.jpg: damaged picture",
        "6: 4.jpg: not a picture that can be read",
        f"22: 5.jpg has other labels at {where}7",
        "23: `cta` is not in the vocabulary",
        f"23: 6.jpg has other labels at {where}8",
        "24: expected 2 cells as in the header, got 1",
        "25: expected UTF-8, got the byte 0xe9 in column 10; save the file as UTF-8",
    ]
    assert "(did you mean `cat`?)" in source.check()[5]


def test_bad_pictures_can_be_left_out(folder: Path) -> None:
    whole = images(folder, fractions=(0.6, 0.2, 0.2))
    order = {split: whole.split(split)[range(len(whole.split(split)))]["targets"] for split in ("train", "test")}
    spoil(folder)
    source = images(folder, fractions=(0.6, 0.2, 0.2), on_bad_image="skip")
    assert source.check() == []
    lengths = {split: len(source.split(split)) for split in ("train", "val", "test")}
    assert sum(lengths.values()) == COUNT - 4
    assert all(lengths[split] <= len(order[split]) for split in order)
    assert source.notes()[0].startswith("4 of 20 pictures are left out (train ")
    assert [line.split(": ")[1] for line in source.notes()[1:5]] == ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    for split in ("train", "val", "test"):
        source.split(split)[range(lengths[split])]  # type: ignore[index]


def test_a_bad_picture_that_is_met_in_training_is_named(folder: Path) -> None:
    spoil(folder)
    loader = Loader(images(folder, fractions=(1, 0, 0)).split("train"), batch=20, seed=0, workers=1)
    with pytest.raises(PictureError, match=rf"^{folder}/\d\.jpg: "):
        list(loader.epoch(0))


def test_a_cut_off_picture_passes_where_only_headers_are_read(folder: Path) -> None:
    spoil(folder)
    found = images(folder, check_images="header").check()
    assert [line.split(": ")[1] for line in found] == ["1.jpg", "2.jpg", "4.jpg"]


def test_a_similar_file_is_named(folder: Path) -> None:
    (folder / "photo.JPEG").write_bytes((folder / "1.jpg").read_bytes())
    (folder / "labels.csv").write_text("image,labels\nphoto.jpg,cat\n1.jpg,dog\n")
    assert images(folder).check() == [
        f"{folder / 'labels.csv'}:2: photo.jpg: there is no such file; there is `photo.JPEG`"
    ]


def test_a_wrong_folder_takes_one_line(folder: Path) -> None:
    (folder / "empty").mkdir()
    for bad in ("fail", "skip"):
        source = Images(folder / "empty", labels=folder / "labels.csv", on_bad_image=bad)  # type: ignore[arg-type]
        assert source.check() == [
            f"none of the 20 pictures is there, such as {folder / 'empty' / '0.jpg'}: is `folder` right?"
        ]


def test_notes_tell_what_is_unusual(folder: Path) -> None:
    rows = [
        "image,labels,split",
        "0.jpg,cat,train",
        "1.jpg,,train",
        "2.jpg,Cat,val",
        "3.jpg,dog,test",
        "3.jpg,dog,test",
    ]
    (folder / "labels.csv").write_text("\n".join(rows))
    (folder / "all.txt").write_text("cat\nCat\ndog\nfish\nbird\n")
    source = images(folder, vocabulary=folder / "all.txt", unseen=["dog", "bird"])
    assert source.check() == []
    assert source.notes() == [
        f"{folder / 'labels.csv'}:6: 3.jpg is listed already at {folder / 'labels.csv'}:5; used once",
        "1 of 2 pictures in `train` show no label: 1.jpg",
        "2 seen labels are in no picture of `train` and cannot be learned: Cat, fish",
        "1 unseen labels are in no picture of `test` and cannot be measured: bird",
        "labels that differ in capitals alone: cat, Cat",
    ]


# --- refusals -----------------------------------------------------------------------------------------------------


def test_refused_paths(folder: Path) -> None:
    with pytest.raises(BlockError, match="there is no folder") as error:
        Images(folder / "nowhere", labels=folder / "labels.csv")
    assert error.value.parameter == "folder"
    with pytest.raises(BlockError, match="expected a folder of pictures, got the file"):
        Images(folder / "1.jpg", labels=folder / "labels.csv")
    parameter, message = refusal(folder, labels=folder / "label.csv")
    assert parameter == "labels"
    assert message.endswith(f"did you mean `{folder / 'labels.csv'}`?")
    assert refusal(folder, labels=folder / "x.y")[1].endswith("(there are: labels.csv)")
    message = f"`train`, `val` and `test`, or folders of pictures in {folder}, one for each class"
    assert refusal(folder, labels=None) == (None, f"expected a label file, `labels` or {message}")
    assert refusal(folder, train=folder / "labels.csv")[0] == "labels"
    assert "in a form that is read, got another folder" in refusal(folder, labels=folder)[1]


def test_refused_labels(folder: Path) -> None:
    parameter, message = refusal(folder, unseen=["bird", "Dgo", "whale"])
    assert parameter == "unseen"
    assert message == "no such label among the 3 of the data: `Dgo` (did you mean `dog`?); `whale`"
    assert refusal(folder, unseen=["dog", "dog"]) == ("unseen", "`dog` occurs twice")
    assert refusal(folder, unseen=["dog", "cat", "bird"])[1] == "expected labels to train on, but all are unseen"
    assert refusal(folder, unseen=folder / "none.txt")[0] == "unseen"
    (folder / "binary.txt").write_bytes(b"\xff\xfe")
    assert refusal(folder, vocabulary=folder / "binary.txt")[0] == "vocabulary"
    (folder / "labels.csv").write_text("image,labels\n1.jpg,\n")
    assert refusal(folder) == (None, "the label files name no label")


def test_refused_files(folder: Path) -> None:
    (folder / "labels.csv").write_text("file_id,labels\n1,cat\n")
    parameter, message = refusal(folder)
    assert parameter == "labels"
    assert message.startswith(f"{folder / 'labels.csv'}:1: expected a header with a column `image`")
    (folder / "labels.csv").write_text("image,cat,dog\n1.jpg,0,-1\n")
    assert refusal(folder)[0] == "zero"


def test_refused_numbers(folder: Path) -> None:
    assert refusal(folder, fractions=(0.5, 0.1, 0.1))[0] == "fractions"
    assert refusal(folder, crop=(0.9, 0.5))[0] == "crop"
    assert refusal(folder, crop=(0.0, 0.5))[0] == "crop"


def test_a_split_travels_to_workers(folder: Path) -> None:
    examples = images(folder).split("train")
    again = pickle.loads(pickle.dumps(examples))
    assert torch.equal(again[range(3)]["image"], examples[range(3)]["image"])


# --- episodes -----------------------------------------------------------------------------------------------------


def test_the_one_class_of_each_picture(folder: Path) -> None:
    (folder / "one.csv").write_text("".join(["image,labels\n", *(f"{i}.jpg,{'cdb'[i % 3]}\n" for i in range(COUNT))]))
    source = images(folder, labels=folder / "one.csv")
    for split in ("train", "val", "test"):
        examples = source.split(split)  # type: ignore[arg-type]
        shown = examples[range(len(examples))]["targets"].argmax(1)
        assert examples.classes().tolist() == shown.tolist()


def test_a_picture_without_a_class(folder: Path) -> None:
    (folder / "one.csv").write_text("image,labels\n0.jpg,cat\n1.jpg,\n2.jpg,\n")
    source = images(folder, labels=folder / "one.csv", fractions=(1, 0, 0))
    with pytest.raises(
        DataError, match=r"episodes need pictures that show a label, and .*1\.jpg shows none, and so do 1 others"
    ):
        source.split("train").classes()
