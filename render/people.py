"""People, built from tapered tubes around their joints; they stand on the origin and face +y."""

import numpy as np

from .shapes import Shape, box, plain, tube

SKIN = [(0.45, 0.27, 0.19), (0.30, 0.17, 0.11), (0.12, 0.065, 0.04), (0.55, 0.36, 0.27)]
CLOTH = [
    (0.03, 0.045, 0.09),
    (0.02, 0.02, 0.022),
    (0.35, 0.08, 0.06),
    (0.4, 0.38, 0.34),
    (0.08, 0.12, 0.22),
    (0.10, 0.09, 0.06),
    (0.45, 0.30, 0.08),
    (0.05, 0.12, 0.07),
    (0.62, 0.60, 0.56),
    (0.14, 0.14, 0.15),
    (0.20, 0.26, 0.36),
]
HAIR = [(0.02, 0.015, 0.01), (0.10, 0.05, 0.02), (0.30, 0.20, 0.08), (0.25, 0.24, 0.23)]


def outfit(rng):
    """Choose clothes and build of one person; one in eight is a child."""
    pick = lambda palette: plain(*palette[rng.integers(len(palette))], rough=0.9)  # noqa: E731
    return dict(
        skin=pick(SKIN),
        top=pick(CLOTH),
        legs=pick(CLOTH),
        hair=pick(HAIR),
        shoes=plain(0.03, 0.028, 0.025) if rng.random() < 0.7 else plain(0.5, 0.48, 0.45),
        height=rng.uniform(1.1, 1.45) if rng.random() < 0.12 else rng.uniform(1.55, 1.95),
        girth=rng.uniform(0.9, 1.3),
        sleeves=rng.random() < 0.6,
        below=["trousers", "trousers", "trousers", "shorts", "skirt", "coat"][rng.integers(6)],
        carries=["nothing", "nothing", "backpack", "bag", "suitcase"][rng.integers(5)],
        hat=rng.random() < 0.2,
        helmet=False,
    )


def limb(start, first, second, angle, bend):
    """Return the three joints of a limb that swings forward by an angle and bends in its middle."""
    start = np.asarray(start, float)
    middle = start + first * np.array([0, np.sin(angle), -np.cos(angle)])
    return np.array([start, middle, middle + second * np.array([0, np.sin(angle + bend), -np.cos(angle + bend)])])


def walking(phase):
    """Return the joints of someone who walks, at a phase of the stride in radians."""
    joints = {}
    for side in (-1, 1):
        swing = side * np.sin(phase)
        knee = -0.15 - 0.75 * max(0.0, side * np.cos(phase))
        joints["leg", side] = limb((side * 0.1, 0, 0.93), 0.44, 0.43, 0.45 * swing, knee)
        joints["arm", side] = limb((side * 0.21, 0, 1.43), 0.3, 0.28, -0.5 * swing, 0.35)
    return joints | {"lean": 0.03}


def standing(rng):
    """Return the joints of someone who stands: arms hanging, on the hips, or holding a telephone."""
    joints, arms = {}, rng.integers(3)
    for side in (-1, 1):
        joints["leg", side] = limb((side * 0.1, 0, 0.93), 0.45, 0.44, rng.normal(0, 0.07), -0.04)
        joints["leg", side][2, 0] += side * rng.uniform(0, 0.1)
        raised = arms == 1 and side > 0
        joints["arm", side] = limb((side * 0.21, 0, 1.43), 0.3, 0.28, rng.normal(0.05, 0.1), 1.9 if raised else 0.2)
        if arms == 2:
            joints["arm", side][1, 0] += side * 0.15
    return joints | {"lean": 0.0}


def riding(motor):
    """Return the joints of someone on a bicycle or motorcycle, whose saddle is above the origin."""
    joints, seat = {}, 0.80 if motor else 0.98
    for side in (-1, 1):
        knee, foot = ((0.28, 0.62), (0.05, 0.32)) if motor else ((0.22, 0.70 + 0.13 * side), (0.10, 0.32 + 0.13 * side))
        joints["leg", side] = np.array([(side * 0.1, -0.2, seat), (side * 0.15, *knee), (side * 0.13, *foot)])
        joints["arm", side] = np.array(
            [(side * 0.2, 0.1, seat + 0.48), (side * 0.29, 0.2, seat + 0.24), (side * 0.27, 0.42, seat + 0.18)]
        )
    return joints | {"lean": 0.32}


def person(outfit, joints):
    """Build a person from clothes and joints.

    Args:
        outfit: clothes and build, as `outfit` returns them.
        joints: three points of each arm and leg, as `walking`, `standing` or `riding` return them.

    Returns:
        The shape, feet on the origin.
    """
    g, body = outfit["girth"], Shape()
    hips = (joints["leg", -1][0] + joints["leg", 1][0]) / 2
    neck = (joints["arm", -1][0] + joints["arm", 1][0]) / 2 + [0, 0, 0.07]
    for side in (-1, 1):
        leg, arm = joints["leg", side], joints["arm", side]
        body.add(outfit["legs"], tube(leg[:2], np.array([0.105, 0.078]) * g), True)
        bare = outfit["below"] in ("shorts", "skirt")
        body.add(outfit["skin" if bare else "legs"], tube(leg[1:], np.array([0.068, 0.05]) * g), True)
        foot = leg[2] - [0, 0, 0.02]
        body.add(outfit["shoes"], tube([foot + [0, -0.08, 0], foot + [0, 0.17, -0.01]], [0.062, 0.05], 6), True)
        body.add(outfit["top"], tube(arm[:2], np.array([0.068, 0.054]) * g), True)
        body.add(outfit["top" if outfit["sleeves"] else "skin"], tube(arm[1:], np.array([0.052, 0.04]) * g), True)
        hand = arm[2] + (arm[2] - arm[1]) * 0.25
        body.add(outfit["skin"], tube([arm[2], hand], [0.042, 0.036], 6), True)
    line = lambda t: hips + (neck - hips) * t  # noqa: E731
    trunk, width = (
        [line(t) for t in (-0.15, 0.1, 0.35, 0.75, 0.93, 1.0)],
        np.array([0.12, 0.165, 0.15, 0.19, 0.15, 0.06]),
    )
    body.add(outfit["top"], tube(trunk, width * g, 12), True)
    if outfit["below"] in ("skirt", "coat"):
        cloth, low = (outfit["legs"], 0.45) if outfit["below"] == "skirt" else (outfit["top"], 0.55)
        body.add(cloth, tube([hips - [0, 0, hips[2] - low], hips + [0, 0, 0.1]], np.array([0.26, 0.165]) * g, 12), True)
    centre = neck + [0, 0.04 + 0.1 * joints["lean"], 0.17]
    body.add(outfit["skin"], tube([neck - [0, 0, 0.03], centre], 0.055, 8), True)
    a = np.linspace(0.05, np.pi - 0.05, 9)
    head = centre + np.stack([0 * a, 0 * a, -0.135 * np.cos(a)], 1)
    body.add(outfit["skin"], tube(head, 0.1 * np.sin(a), 12), True)
    body.add(outfit["hair"], tube(head[4:] + [0, -0.025, 0.012], 0.11 * np.sin(a[4:]) + 0.002, 12), True)
    if outfit["hat"] or outfit["helmet"]:
        cover = outfit["top"] if outfit["helmet"] else outfit["legs"]
        body.add(cover, tube(head[5:] + [0, -0.005, 0.03], 0.125 * np.sin(a[5:]) + 0.002, 12), True)
    luggage(body, outfit, hips, neck, joints["arm", 1][2])
    size = outfit["height"] / 1.75
    return body.warp(lambda v: v * size)


def luggage(body, outfit, hips, neck, hand):
    """Add what a person carries."""
    if outfit["carries"] == "backpack":
        body.add(outfit["hair"], box((hips + neck) / 2 + [0, -0.22, 0.08], (0.3, 0.17, 0.42)))
    elif outfit["carries"] == "bag":
        body.add(outfit["shoes"], box(hand - [0, 0, 0.28], (0.1, 0.34, 0.3)))
    elif outfit["carries"] == "suitcase":
        body.add(outfit["legs"], box((hand[0] + 0.05, -0.35, 0.34), (0.24, 0.38, 0.56)))


def walker(rng):
    """Build the four poses of someone who walks."""
    clothes, phase = outfit(rng), rng.uniform(0, 2 * np.pi)
    return [person(clothes, walking(phase + 1.7 * k)) for k in range(4)]


def stander(rng):
    """Build someone who stands."""
    return person(outfit(rng), standing(rng))


def rider(rng, motor=False):
    """Build someone who rides a bicycle, or a motorcycle with a helmet on."""
    clothes = outfit(rng) | dict(height=1.75, carries="backpack" if rng.random() < 0.3 else "nothing", below="trousers")
    return person(clothes | dict(helmet=motor or rng.random() < 0.4), riding(motor))
