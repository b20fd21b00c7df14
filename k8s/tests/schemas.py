"""schemas.py CRDS FILE…: validates manifests in strict mode (no unknown field, no field twice): Kubernetes' own objects by its published schemas,
custom ones by those in their definitions."""

import copy
import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

# The oldest release that the manifests are for, the one that the tests' control plane is, and the newest that the validator knows.
VERSIONS = ("1.31", "1.33", kubernetes_validate.latest_version())


class UniqueKeys(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"{node.start_mark}: {key} stands there twice")
        return super().construct_mapping(node, deep)


def closed(schema):
    """The schema of a definition, in which every object has the fields that are named and no others."""
    if isinstance(schema, list):
        return [closed(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and isinstance(schema["properties"], dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
    return schema


def custom_schemas(folder):
    schemas = {}
    for file in pathlib.Path(folder).glob("*.yaml"):
        definition = yaml.safe_load(file.read_text())
        group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
        for version in definition["spec"]["versions"]:
            schema = closed(copy.deepcopy(version["schema"]["openAPIV3Schema"]))
            # The API server itself knows these.
            schema["properties"].update(metadata={"type": "object"}, apiVersion={"type": "string"}, kind={"type": "string"})
            schemas[f"{group}/{version['name']}", kind] = schema
    return schemas


def complaints(thing, custom):
    known = custom.get((thing["apiVersion"], thing["kind"]))
    if known:
        for error in jsonschema.Draft7Validator(known).iter_errors(thing):
            yield f"{error.json_path}: {error.message}"
        return
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(thing, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{version}: {'.'.join(map(str, error.path))}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{version}: has no such kind"


def main(folder, files):
    custom, failed, count, seen = custom_schemas(folder), False, 0, set()
    for file in map(pathlib.Path, files):
        for thing in yaml.load_all(file.read_text(), Loader=UniqueKeys):
            count += 1
            # Most objects are the same in many renderings.
            if (text := json.dumps(thing, sort_keys=True)) in seen:
                continue
            seen.add(text)
            for complaint in complaints(thing, custom):
                failed = True
                print(f"{file.name}: {thing['kind']} {thing['metadata']['name']}: {complaint}", file=sys.stderr)
    print(f"schemas: {count} objects ({len(seen)} different ones) in {len(files)} renderings, each by {len(VERSIONS)} releases or its own definition")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
