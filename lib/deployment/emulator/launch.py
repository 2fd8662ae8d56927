"""Starts ministack so that an unchanged template deploys: types it lacks are recorded or created through its services
(`recording.py`, `creating.py`), what it gets wrong is put right (`correcting.py`).

    launch.py               serves on BIND_HOST:GATEWAY_PORT until its standard input ends, then removes its working directory
    launch.py --uncorrected the same without `correcting.py`: shows the tests which corrections are still needed
    launch.py --describe    prints what the installed version creates by itself, and what is added here, as JSON

`_RESOURCE_HANDLERS` and the other names with an underscore are private to ministack: requirements.txt pins its version,
`lib/data/emulator.json` lists what is added, and test/integration/emulator.test.ts fails when the two no longer fit.
"""

import importlib.metadata
import json
import os
import shutil
import sys
import threading

from ministack.services.cloudformation import provisioners

NATIVE = sorted(provisioners._RESOURCE_HANDLERS)


def register(with_corrections):
    import correcting
    import creating
    import recording

    if with_corrections:
        correcting.apply()
    for resource_type in recording.known_types() - set(NATIVE):
        if resource_type.startswith("AWS::Serverless::"):
            continue  # the SAM transform leaves none of these
        handler = creating.HANDLERS.get(resource_type) or recording.recorder(resource_type)
        provisioners._RESOURCE_HANDLERS[resource_type] = correcting.with_all_attributes(resource_type, handler)
        provisioners._REPLACING_PROPERTIES[resource_type] = recording.create_only(resource_type)
    return sorted(creating.HANDLERS)


def end_with_parent():
    """The parent holds the other end of standard input: when it is gone, however it went, so are we."""
    folder = os.getcwd()

    def wait():
        while os.read(0, 4096):
            pass
        if os.path.basename(folder).startswith("plainform-emulator-"):  # started by hand: the folder is not ours to remove
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def main():
    arguments, sys.argv = sys.argv[1:], sys.argv[:1]
    if "--describe" in arguments:
        version = importlib.metadata.version("ministack")
        print(json.dumps({"version": version, "native": NATIVE, "created": register(True)}))
        return
    end_with_parent()
    register(with_corrections="--uncorrected" not in arguments)
    from ministack.app import main as serve

    try:
        serve()
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)  # threads of the services would hold it


main()
