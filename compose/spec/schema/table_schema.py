"""The schema of a table file, ``specs/table.schema.json``: the specs that rebuild a table of a paper, row by row."""

from __future__ import annotations

from compose.spec.schema.node_keys import Schema

ROW: Schema = {
    "title": "a mapping, such as `{variants: [m-1], printed: m-1}`",
    "type": "object",
    "properties": {
        "spec": {
            "title": "the path of a spec",
            "type": "string",
            "minLength": 1,
            "description": "What is trained: beside this file, or packaged. The table's `spec` where not given.",
        },
        "variants": {
            "title": "the name of a variant, or a list of them",
            "type": ["string", "array"],
            "items": {"type": "string"},
            "description": "Variants to lay over the spec, in order.",
        },
        "set": {
            "title": "a mapping of keys to values, such as `set: {train.main.epochs: 3}`",
            "type": "object",
            "description": "Values to set over those, by their keys.",
        },
        "sweep": {
            "title": "the name of a sweep",
            "type": "string",
            "description": "A sweep of the spec, each member of which is a row.",
        },
        "printed": {
            "title": "the name of a row",
            "type": "string",
            "description": "The row under `paper.figures` whose figures stand beside ours.",
        },
        "left_out": {
            "title": "a sentence",
            "type": "string",
            "minLength": 1,
            "description": "Why the row is not trained; its printed figures stand alone.",
        },
    },
    "additionalProperties": False,
}

TABLE_FILE: Schema = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "compose table",
    "type": "object",
    "required": ["title", "rows"],
    "properties": {
        "title": {"type": "string", "minLength": 1, "description": "What the table is of."},
        "paper": {
            "title": "the path of a spec",
            "type": "string",
            "minLength": 1,
            "description": "The spec whose paper has the table; its `paper.figures` are those of `printed`.",
        },
        "table": {
            "title": "the name of a table of the paper, such as `table: table2`",
            "type": "string",
            "pattern": "^(table|figure)[0-9]+$",
            "description": "Which table or figure of the paper it is.",
        },
        "spec": {
            "title": "the path of a spec",
            "type": "string",
            "minLength": 1,
            "description": "What rows without a `spec` train: beside this file, or packaged.",
        },
        "metrics": {
            "title": "a list of metrics, such as `metrics: [map, zsl/f1@3]`",
            "type": "array",
            "minItems": 1,
            "items": {"type": "string"},
            "description": "The columns: a metric (`map`), a task (`zsl`), or both; all where not given.",
        },
        "needs": {
            "title": "a sentence",
            "type": "string",
            "minLength": 1,
            "description": "What the rows need that does not come along, such as files of the user's.",
        },
        "rows": {
            "title": 'a mapping of rows, such as `rows: {"LESA (M = 1)": {variants: m-1, printed: m-1}}`',
            "type": "object",
            "minProperties": 1,
            "additionalProperties": ROW,
            "description": "Row, as the paper calls it -> what is trained, in the paper's order.",
        },
    },
    "additionalProperties": False,
}
