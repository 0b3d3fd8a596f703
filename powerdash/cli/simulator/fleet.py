"""The demonstration fleet: the meters of a university campus."""

# ruff: noqa: E501 — one device, one line of the table.

from dataclasses import dataclass

from powerdash.cli.simulator.kinds import KINDS


@dataclass(frozen=True, slots=True)
class FleetDevice:
    """One device to register; `kind` is a name in `kinds.KINDS`."""

    name: str
    kind: str = ""
    model: str = ""
    location: str = ""
    firmware: str = ""
    tags: tuple[str, ...] = ()


_METER3 = ("Shelly Pro 3EM", "1.4.4")
_FEEDER = ("Janitza UMG 96-PA", "3.21")
_OUTLET = ("Shelly Plus 1PM", "1.4.4")
_INVERTER = ("Fronius Symo GEN24 10.0", "1.33.8")
_WALLBOX = ("go-e Charger Gemini 11", "57.1")
_DIN1 = ("Eastron SDM120", "2.04")

# name, kind, (model, firmware), location, tags: the best known places come first.
_CAMPUS: tuple[tuple[str, str, tuple[str, str], str, str], ...] = (
    ("Library main feeder", "library", _FEEDER, "Central Library, basement", "library feeder"),
    ("Chemistry lab fume hoods", "lab", _METER3, "Chemistry, 2nd floor", "lab chemistry"),
    ("Data centre row A", "server_room", _FEEDER, "Computing Centre, room 012", "server critical"),
    ("Rooftop solar, Engineering", "solar", _INVERTER, "Engineering, roof", "solar feed-in"),
    ("Dormitory North", "dormitory", _FEEDER, "Dormitory North, ground floor", "dormitory feeder"),
    ("Refectory kitchen", "kitchen", _METER3, "Refectory, kitchen", "kitchen"),
    ("Chiller plant 1", "hvac", _FEEDER, "Energy Centre", "hvac critical"),
    ("EV charger P1-01", "ev_charger", _WALLBOX, "Car park P1", "ev parking"),
    ("Power Systems lab", "lab", _FEEDER, "Engineering, room 1.14", "lab research"),
    ("Administration offices", "office", _METER3, "Administration, 1st floor", "office"),
    ("Lecture hall lighting", "lighting", _DIN1, "Main Hall", "lighting"),
    ("Staff kettle, Mathematics", "kettle", _OUTLET, "Mathematics, tea kitchen", "outlet kitchen"),
    ("Library lift", "lift", _METER3, "Central Library, machine room", "lift library"),
    ("Vaccine fridge, Biology", "fridge", _OUTLET, "Biology, room 0.31", "fridge critical"),
    ("Water booster pump", "pump", _METER3, "Energy Centre, pump room", "pump water"),
    ("Mechanical workshop", "workshop", _METER3, "Workshop hall", "workshop"),
    ("Dormitory South", "dormitory", _FEEDER, "Dormitory South, ground floor", "dormitory feeder"),
    ("Data centre row B", "server_room", _FEEDER, "Computing Centre, room 012", "server critical"),
    ("EV charger P1-02", "ev_charger", _WALLBOX, "Car park P1", "ev parking"),
    ("Chiller plant 2", "hvac", _FEEDER, "Energy Centre", "hvac critical"),
    ("Physics institute", "office", _FEEDER, "Physics, basement", "office feeder"),
    ("Laser lab", "lab", _METER3, "Physics, room 0.07", "lab physics"),
    ("Rooftop solar, Library", "solar", _INVERTER, "Central Library, roof", "solar feed-in"),
    ("Cafeteria", "kitchen", _METER3, "Student Union", "kitchen"),
    ("Lecture hall ventilation", "hvac", _METER3, "Main Hall, roof", "hvac"),
    ("Street lighting east", "lighting", _DIN1, "Campus ring road", "lighting outdoor"),
    ("Blood bank fridge", "fridge", _OUTLET, "Medical School, room 1.02", "fridge critical"),
    ("Medical School feeder", "office", _FEEDER, "Medical School, basement", "office feeder"),
    ("Anatomy ventilation", "hvac", _METER3, "Medical School, roof", "hvac"),
    ("Dormitory West", "dormitory", _FEEDER, "Dormitory West, ground floor", "dormitory feeder"),
    ("Materials testing lab", "lab", _METER3, "Civil Engineering, hall 2", "lab"),
    ("Wood workshop", "workshop", _METER3, "Architecture, annex", "workshop"),
    ("Administration lift", "lift", _METER3, "Administration, machine room", "lift"),
    ("EV charger P2-01", "ev_charger", _WALLBOX, "Car park P2", "ev parking"),
    ("Staff kettle, Law", "kettle", _OUTLET, "Law, tea kitchen", "outlet kitchen"),
    ("Swimming pool pump", "pump", _METER3, "Sports Centre", "pump sports"),
    ("Sports hall lighting", "lighting", _DIN1, "Sports Centre", "lighting sports"),
    ("Sports Centre feeder", "office", _FEEDER, "Sports Centre, basement", "feeder sports"),
    ("Language centre", "office", _METER3, "Languages, ground floor", "office"),
    ("Microscopy suite", "lab", _METER3, "Biology, basement", "lab biology"),
    ("Rooftop solar, Dormitory North", "solar", _INVERTER, "Dormitory North, roof", "solar feed-in"),
    ("EV charger P2-02", "ev_charger", _WALLBOX, "Car park P2", "ev parking"),
    ("Greenhouse pumps", "pump", _METER3, "Botanical Garden", "pump garden"),
    ("Network core, Library", "server_room", _METER3, "Central Library, room 0.03", "server"),
    ("Student Union kettle", "kettle", _OUTLET, "Student Union, lounge", "outlet"),
    ("Reading room ventilation", "hvac", _METER3, "Central Library, roof", "hvac library"),
    ("Childcare centre", "kitchen", _METER3, "Childcare", "kitchen"),
    ("Dormitory East", "dormitory", _FEEDER, "Dormitory East, ground floor", "dormitory feeder"),
    ("Radio lab", "lab", _METER3, "Engineering, room 4.20", "lab research"),
    ("Archive lighting", "lighting", _DIN1, "Central Library, level -2", "lighting library"),
)  # fmt: skip


def demo_fleet(count: int) -> list[FleetDevice]:
    """Return `count` devices of a campus, the best known first; names are unique."""
    return [_device(number) for number in range(count)]


def _device(number: int) -> FleetDevice:
    around, place = divmod(number, len(_CAMPUS))
    name, kind, (model, firmware), location, tags = _CAMPUS[place]
    if around:
        name = f"{name}, campus {around + 1}"
        location = f"Campus {around + 1}, {location}"
    return FleetDevice(name, kind, model, location, firmware, tuple(tags.split()))


def kind_of(number: int, wanted: str) -> str:
    """Return the kind of device `number`: the one wanted, else the demo fleet's.

    Raises:
        ValueError: There is no such kind.
    """
    if not wanted:
        return _CAMPUS[number % len(_CAMPUS)][1]
    if wanted not in KINDS:
        raise ValueError(f"Kind {wanted!r} is not one of {', '.join(sorted(KINDS))}.")
    return wanted
