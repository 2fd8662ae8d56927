"""Reads { template, parameters } as JSON on standard input; prints what aws-sam-translator makes of the template."""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-west-2")

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402

given = json.load(sys.stdin)
print(json.dumps(Translator({}, Parser()).translate(given["template"], given["parameters"])))
