"""Walking people, built from tapered tubes."""

import numpy as np

from .shapes import Shape, plain, tube

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
]


def outfit(rng):
    """Choose the colours and build of one person."""
    pick = lambda palette: plain(*palette[rng.integers(len(palette))], rough=0.9)  # noqa: E731
    return dict(
        skin=pick(SKIN),
        top=pick(CLOTH),
        legs=pick(CLOTH),
        hair=plain(0.02, 0.015, 0.01),
        height=rng.uniform(1.55, 1.92),
        girth=rng.uniform(0.85, 1.2),
        skirt=rng.random() < 0.2,
    )


def person(outfit, phase=0.0):
    """Build a person walking towards +y at a phase of the stride."""
    k, g, body = outfit["height"] / 1.75, outfit["girth"], Shape()
    swing = np.sin(phase) * 0.28
    for side in (-1, 1):
        s = side * swing
        leg = [[side * 0.1, 1.2 * s - 0.02, 0.06], [side * 0.1, 0.6 * s + 0.06, 0.46 * k], [side * 0.09, 0, 0.9 * k]]
        body.add(outfit["legs"], tube(leg, np.array([0.055, 0.075, 0.1]) * g), True)
        body.add(
            plain(0.02, 0.02, 0.02),
            tube([[leg[0][0], leg[0][1] - 0.1, 0.05], [leg[0][0], leg[0][1] + 0.16, 0.04]], [0.06, 0.045], 6),
            True,
        )
        arm = [[side * 0.27, -0.9 * s + 0.08, 0.85 * k], [side * 0.27, -0.5 * s, 1.13 * k], [side * 0.2, 0, 1.43 * k]]
        body.add(outfit["top"], tube(arm, np.array([0.04, 0.05, 0.065]) * g), True)
    trunk = [[0, 0, 0.82 * k], [0, 0, 1.08 * k], [0, 0.01, 1.36 * k], [0, 0, 1.5 * k]]
    body.add(outfit["top"], tube(trunk, np.array([0.16, 0.15, 0.19, 0.07]) * g, 10), True)
    if outfit["skirt"]:
        body.add(outfit["legs"], tube([[0, 0, 0.5 * k], [0, 0, 0.95 * k]], [0.28, 0.16], 10), True)
    a = np.linspace(0.05, np.pi - 0.05, 8)
    head = np.stack([0 * a, 0 * a, 1.63 * k - 0.13 * np.cos(a)], 1)
    body.add(outfit["skin"], tube(head, 0.1 * np.sin(a), 10), True)
    return body.add(outfit["hair"], tube(head[4:] + [0, -0.02, 0.012], 0.108 * np.sin(a[4:]), 10), True)
