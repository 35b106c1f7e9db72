"""Runs a world from its number."""

import gc

from tests.simulation.composition import in_place_of_the_real, live
from tests.simulation.loop import NothingWillHappen, VirtualLoop
from tests.simulation.plan import make_plan
from tests.simulation.process import make_task
from tests.simulation.promises import Promises
from tests.simulation.world import Violation, World


def run(seed: int, *, small: bool = False) -> World:
    """The world of that number at its end, with what it violated; `small` ones are other worlds."""
    loop = VirtualLoop()
    loop.set_task_factory(make_task)
    world = World(make_plan(seed, small=small), loop, live)
    collects = gc.isenabled()
    gc.disable()
    try:
        with in_place_of_the_real(world):
            loop.run_until_complete(world.run())
            Promises(world).check()
    except NothingWillHappen:
        world.violations.append(Violation("nothing fails unforeseen", "everybody waits for ever"))
    finally:
        loop.close()
        if collects:
            gc.enable()
    return world


def how_to_rerun(seed: int, *, small: bool = False) -> str:
    """The command that shows a world line by line."""
    return f"python -m tests.simulation {'--small ' if small else ''}--seed {seed} --tell"
