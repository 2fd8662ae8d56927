"""Calls the emulator's own services from a resource handler, as an SDK would over HTTP but without leaving the process.

A handler runs on the emulator's event loop, so a request to its own port would wait for itself. botocore (installed
with the AWS command line) serialises the request and parses the answer; account and region are those of the stack
being deployed.
"""

import asyncio
import concurrent.futures
import contextvars
import functools
import json
import urllib.parse

import botocore.awsrequest
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize

import ministack.app

LOADER = botocore.loaders.Loader()


@functools.cache
def service_model(service):
    return botocore.model.ServiceModel(LOADER.load_service_model(service, "service-2"), service)


def call(service, operation, **parameters):
    """The parsed answer of one API call. Parameters take the spelling of CloudFormation: keys are matched to the API's
    without regard to case, values are made its types ("30" to 30, a policy document to text), members that the API
    lacks are left out.

    Raises ValueError with the service's code and message: the resource, and with it the stack operation, fails with
    that reason.
    """
    model = service_model(service)
    operation_model = model.operation_model(operation)
    serializer = botocore.serialize.create_serializer(model.protocol, include_validation=True)
    request = serializer.serialize_to_request(fitted(parameters, operation_model.input_shape), operation_model)

    path, _, inline_query = request["url_path"].partition("?")
    query = urllib.parse.parse_qs(inline_query, keep_blank_values=True)
    for name, value in (request.get("query_string") or {}).items():
        query[name] = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    body = request["body"]
    if isinstance(body, dict):
        body = urllib.parse.urlencode(body)
    if isinstance(body, str):
        body = body.encode()
    headers = {name.lower(): value for name, value in request["headers"].items()}

    name = ministack.app.SERVICE_NAME_ALIASES.get(service, service)
    handler = ministack.app.SERVICE_HANDLERS[name]
    status, answer_headers, answer = run(handler(request["method"], path, headers, body or b"", query))
    answer = answer.encode() if isinstance(answer, str) else answer
    if status >= 400:
        raise ValueError(f"{service}:{operation} failed: {reason(model, status, answer_headers, answer)}")
    return parse(model, operation_model.output_shape, status, answer_headers, answer)


def parse(model, shape, status, headers, body):
    parser = botocore.parsers.create_parser(model.protocol)
    response = {"status_code": status, "headers": botocore.awsrequest.HeadersDict(headers), "body": body}
    return parser.parse(response, shape)


def reason(model, status, headers, body):
    try:
        error = parse(model, None, status, headers, body).get("Error", {})
        return f"{error.get('Code', status)}: {error.get('Message', '')}"
    except Exception:  # whatever the parser makes of it, the text itself says more than "cannot be parsed"
        return f"{status}: {body[:500].decode(errors='replace')}"


def run(coroutine):
    """Runs a service's coroutine to its end on a loop of its own, with the account and region of the caller."""
    context = contextvars.copy_context()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(context.run, asyncio.run, coroutine).result()


def fitted(value, shape):
    """A template's value as the API wants it."""
    kind = shape.type_name
    if kind == "structure":
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        pairs = ((members[key.lower()], item) for key, item in value.items() if key.lower() in members)
        return {name: fitted(item, member) for (name, member), item in pairs if item is not None}
    if kind == "list":
        return [fitted(item, shape.member) for item in (value if isinstance(value, list) else [value])]
    if kind == "map":
        return {key: fitted(item, shape.value) for key, item in value.items()}
    if kind == "string":
        if isinstance(value, bool):
            return str(value).lower()
        return value if isinstance(value, str) else json.dumps(value)
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return is_true(value)
    return value


def is_true(value):
    """A template's boolean, which YAML and parameters can carry as text."""
    return str(value).lower() == "true"
