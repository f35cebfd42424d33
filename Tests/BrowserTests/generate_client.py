"""Makes a Python client from an OpenRPC document: a method for each method, with checked parameters and a docstring.

    anynodectl rpc rpc.discover | python3 generate_client.py > admin_api.py

The class wants a function that sends one call and returns its result: `Client(lambda method, params: …)`.
"""

import json
import keyword
import pprint
import re
import sys
import textwrap

HEAD = '''"""{title} {version}: a client made from its OpenRPC document. Do not edit."""

import jsonschema


class {name}:
    """{description}"""

    def __init__(self, call):
        """`call(method, params)` sends a request with parameters by name, and returns the result or raises."""
        self._call = call

    def _checked(self, method, params, schemas):
        for name, value in params.items():
            try:
                jsonschema.Draft7Validator({{**schemas[name], "components": COMPONENTS}}).validate(value)
            except jsonschema.ValidationError as error:
                raise ValueError(f"{{method}}: {{name}}: {{error.message}}") from None
        return self._call(method, params)
'''


class NotDescribed(Exception):
    """The document lacks something that a client needs."""


def resolved(document, value):
    """What a reference stands for; references lead into the document itself."""
    while isinstance(value, dict) and "$ref" in value:
        if not value["$ref"].startswith("#/"):
            raise NotDescribed(f"a reference that leads elsewhere: {value['$ref']}")
        target = document
        for part in value["$ref"][2:].split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def python_name(name):
    """`registrations.setLogLevel` is called `registrations_set_log_level` in Python."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    name = re.sub(r"[^a-z0-9]+", "_", name).strip("_")
    if not name.isidentifier():
        raise NotDescribed(f"no name for Python: {name!r}")
    return f"{name}_" if keyword.iskeyword(name) else name


def literal(value, indent):
    lines = pprint.pformat(value, width=110 - indent, sort_dicts=False).splitlines()
    return ("\n" + " " * indent).join(lines)


def quoted(text):
    """Text that can stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').strip()


def method_source(document, method):
    params = [resolved(document, param) for param in method["params"]]
    names = {param["name"]: python_name(param["name"]) for param in params}
    if len(set(names.values())) < len(names):
        raise NotDescribed(f"{method['name']}: two parameters of one name")
    required = [names[param["name"]] for param in params if param.get("required")]
    optional = [f"{names[param['name']]}=None" for param in params if not param.get("required")]
    star = ["*"] if required or optional else []
    lines = [f"    def {python_name(method['name'])}({', '.join(['self', *star, *required, *optional])}):"]

    said = [quoted(method.get("summary") or method.get("description") or method["name"])]
    for param in params:
        what = param.get("summary") or param.get("description") or resolved(document, param["schema"]).get("description", "")
        said.append(f":param {names[param['name']]}: {quoted(what)}".rstrip(": ") if what else f":param {names[param['name']]}:")
    if "result" in method:
        result = resolved(document, method["result"])
        said.append(f":return: {quoted(result.get('summary') or result.get('description') or result['name'])}")
    for error in method.get("errors", []):
        error = resolved(document, error)
        said.append(f":raises {error['code']}: {quoted(error['message'])}")
    lines.append('        """' + f"\n{' ' * 8}".join([said[0], *([""] if said[1:] else []), *said[1:]]) + ('\n        """' if said[1:] else '"""'))

    given = ", ".join(f"{name!r}: {python}" for name, python in names.items())
    lines.append(f"        params = {{{given}}}")
    lines.append("        params = {name: value for name, value in params.items() if value is not None}")
    schemas = {param["name"]: param["schema"] for param in params}
    lines.append(f"        schemas = {literal(schemas, 8)}")
    lines.append(f"        return self._checked({method['name']!r}, params, schemas)")
    # An empty line of a docstring has no spaces in it.
    return "\n".join(line.rstrip() for line in "\n".join(lines).split("\n"))


def client_source(document, name="Client"):
    """The module's text."""
    info = document["info"]
    description = textwrap.fill(quoted(info.get("description") or info["title"]), 110, subsequent_indent="    ")
    parts = [HEAD.format(title=quoted(info["title"]), version=quoted(info["version"]), name=name, description=description)]
    methods = [resolved(document, method) for method in document["methods"]]
    taken = {}
    for method in methods:
        other = taken.setdefault(python_name(method["name"]), method["name"])
        if other != method["name"]:
            raise NotDescribed(f"{other} and {method['name']} are one name in Python")
        parts.append(method_source(document, method) + "\n")
    return "\n".join(parts) + f"\n\nCOMPONENTS = {literal(document.get('components', {}), 0)}\n"


if __name__ == "__main__":
    sys.stdout.write(client_source(json.load(sys.stdin)))
