"""Starts ministack so that an unchanged template deploys: types it lacks are recorded or created through its services
(`recording.py`, `creating.py`), what it gets wrong is put right (`correcting.py`).

    launch.py               serves on BIND_HOST:GATEWAY_PORT until its standard input ends, then removes its folder
    launch.py --uncorrected the same without `correcting.py`: shows the tests which corrections are still needed
    launch.py --unread FILE writes to FILE the properties that no handler looks at (`unread.py`)
    launch.py --describe    prints what the installed version creates by itself, and what is added here, as JSON

`_RESOURCE_HANDLERS` and the other names with an underscore are private to ministack: requirements.txt pins its
version, `lib/data/emulator.json` lists what is added, and test/integration/emulator.test.ts fails when the two no
longer fit.
"""

import importlib.metadata
import json
import os
import shutil
import sys
import threading

import correcting
import creating
import recording
import unread
from ministack.services.cloudformation import provisioners

NATIVE = sorted(provisioners._RESOURCE_HANDLERS)


def register(with_corrections=True, unread_file=None):
    handlers = provisioners._RESOURCE_HANDLERS
    if with_corrections:
        correcting.apply()
    if unread_file:
        unread.watch(handlers, unread_file)
    added = {
        resource_type: creating.HANDLERS.get(resource_type) or recording.recorder(resource_type)
        for resource_type in recording.known_types() - set(NATIVE)
        if not resource_type.startswith("AWS::Serverless::")  # the SAM transform leaves none of these
    }
    handlers.update(added)
    for resource_type in handlers if with_corrections else added:
        handlers[resource_type] = correcting.with_all_attributes(resource_type, handlers[resource_type])
    provisioners._property_recreation = correcting.recreation_of_added(provisioners._property_recreation, set(NATIVE))
    return sorted(creating.HANDLERS)


def end_with_parent():
    """The parent holds the other end of standard input: when it is gone, however it went, so are we."""
    folder = os.getcwd()

    def wait():
        while os.read(0, 4096):
            pass
        if os.path.basename(folder).startswith("plainform-emulator-"):  # by hand it may stand anywhere
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def main():
    arguments, sys.argv = sys.argv[1:], sys.argv[:1]
    if "--describe" in arguments:
        version = importlib.metadata.version("ministack")
        print(json.dumps({"version": version, "native": NATIVE, "created": register()}))
        return
    end_with_parent()
    unread_file = arguments[arguments.index("--unread") + 1] if "--unread" in arguments else None
    register("--uncorrected" not in arguments, unread_file)
    from ministack.app import main as serve

    try:
        serve()
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)  # threads of the services would hold it


if __name__ == "__main__":
    main()
