"""Reads many things through botocore in one process: calls as JSON on standard input, answers as JSON on standard
output.

A call is { service, operation, parameters, query (JMESPath) }. The answer is what the query finds; null for nothing,
and for a refusal.
"""

import functools
import json
import sys

import botocore.exceptions
import botocore.session
import jmespath

client = functools.cache(botocore.session.get_session().create_client)


def read(service, operation, parameters, query):
    try:
        return jmespath.search(query, getattr(client(service), operation)(**parameters))
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, jmespath.exceptions.JMESPathError):
        return None


json.dump([read(**call) for call in json.load(sys.stdin)], sys.stdout, default=str)
