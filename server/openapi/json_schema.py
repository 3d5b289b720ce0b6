"""The parts of JSON Schema (draft 2020-12) that requests and answers are described with."""

from typing import Any

Schema = dict[str, Any]

DIGIT: Schema = {"type": "integer", "minimum": 0, "maximum": 9, "examples": [7]}
PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1, "examples": [0.9913]}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
BYTES: Schema = {"type": "string", "format": "binary"}

# What holds where an optional field of a body is left out. JSON Schema's own `default` would make
# generators of clients (openapi-typescript) take the field for one that is always there.
DEFAULT = "x-default"


def ref(name: str) -> Schema:
    """Point to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """Describe an object; all of its properties are required but the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def array(items: Schema, length: int | None = None, **limits: Any) -> Schema:
    """Describe a list."""
    if length is not None:
        limits = {"minItems": length, "maxItems": length}
    return {"type": "array", "items": items, **limits}


def about(schema: Schema, description: str, **more: Any) -> Schema:
    """Add a description to a schema."""
    return {**schema, "description": description, **more}


def without(name: str) -> Schema:
    """Forbid a property; the schema `false` says the same, but few tools read it."""
    return {"not": {"required": [name]}}


def nullable(schema: Schema) -> Schema:
    """Allow null as well."""
    return {"anyOf": [schema, {"type": "null"}]}
