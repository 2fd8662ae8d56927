"""Finds what the emulator drops without a word: properties of a created resource that its handler never looks at. For
the tests.

Top-level properties only, and a handler that copies all of them counts as having read all.
"""

import json


class Watched(dict):
    """A resource's properties, and which of them were asked for."""

    def __init__(self, properties):
        super().__init__(properties)
        self.read = set()

    def get(self, name, default=None):
        self.read.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name):
        self.read.add(name)
        return super().__contains__(name)

    def __iter__(self):
        self.read.update(super().keys())
        return super().__iter__()

    def keys(self):
        self.read.update(super().keys())
        return super().keys()

    def items(self):
        self.read.update(super().keys())
        return super().items()

    def unread(self):
        return set(super().keys()) - self.read


def watch(handlers, file):
    """Writes `Type.Property` of each one, sorted, to the file after every creation."""
    found = set()

    def watched(resource_type, handler):
        def create(logical_id, properties, stack_name):
            watching = Watched(properties)
            answer = handler["create"](logical_id, watching, stack_name)
            found.update(f"{resource_type}.{name}" for name in watching.unread())
            with open(file, "w") as output:
                json.dump(sorted(found), output)
            return answer

        return {**handler, "create": create}

    for resource_type in list(handlers):
        handlers[resource_type] = watched(resource_type, handlers[resource_type])
