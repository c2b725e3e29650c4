"""Cars, vans, buses and lorries: lofted bodies that face +y, wheels on the ground."""

import numpy as np

from .shapes import Matter, Shape, box, disc, grid, plain, tube

PAINTS = [
    (0.012, 0.012, 0.014),
    (0.02, 0.022, 0.025),
    (0.04, 0.04, 0.045),
    (0.22, 0.02, 0.015),
    (0.03, 0.05, 0.16),
    (0.36, 0.36, 0.36),
    (0.09, 0.095, 0.10),
    (0.015, 0.015, 0.02),
    (0.02, 0.025, 0.02),
    (0.08, 0.025, 0.02),
    (0.30, 0.15, 0.02),
]
GLASS = Matter("glass", (0.012, 0.014, 0.016), 0.04)
RUBBER, RIM = plain(0.015, 0.015, 0.015), plain(0.16, 0.16, 0.17, rough=0.35, metal=0.8)
LAMP, TAIL, PLATE = plain(0.6, 0.6, 0.6, rough=0.1), plain(0.35, 0.01, 0.01, rough=0.2), plain(0.5, 0.5, 0.48)

# y stations with heights of the bonnet line, then y stations with heights of the roof line (None: no separate cabin).
FORMS = {
    "saloon": dict(
        length=4.6,
        width=1.82,
        deck=([-2.3, -2.2, -1.5, -0.9, 1.0, 2.1, 2.3], [0.62, 0.86, 0.98, 0.96, 0.93, 0.74, 0.55]),
        cabin=([-1.75, -1.35, -0.8, 0.1, 0.45, 1.05], [0.95, 1.2, 1.42, 1.43, 1.33, 0.92]),
    ),
    "hatch": dict(
        length=4.1,
        width=1.78,
        deck=([-2.05, -2.0, -1.4, 0.8, 1.85, 2.05], [0.65, 0.95, 1.0, 0.96, 0.78, 0.55]),
        cabin=([-2.0, -1.75, -1.2, 0.1, 0.4, 1.1], [0.95, 1.3, 1.5, 1.5, 1.4, 0.93]),
    ),
    "suv": dict(
        length=4.7,
        width=1.92,
        deck=([-2.35, -2.3, -1.5, 1.0, 2.2, 2.35], [0.7, 1.05, 1.12, 1.1, 0.98, 0.7]),
        cabin=([-2.25, -2.05, -1.6, 0.2, 0.5, 1.05], [1.05, 1.5, 1.75, 1.76, 1.62, 1.06]),
    ),
    "pickup": dict(
        length=5.3,
        width=1.95,
        deck=([-2.65, -2.6, -0.7, 1.2, 2.5, 2.65], [0.8, 1.08, 1.1, 1.12, 1.05, 0.75]),
        cabin=([-0.75, -0.7, -0.4, 0.7, 0.95, 1.35], [1.05, 1.6, 1.8, 1.8, 1.7, 1.08]),
    ),
    "van": dict(
        length=5.2, width=1.98, deck=([-2.6, -2.55, 1.0, 1.7, 2.4, 2.6], [1.9, 2.15, 2.2, 1.5, 1.05, 0.7]), cabin=None
    ),
    "bus": dict(length=10.5, width=2.5, deck=([-5.25, -5.2, 5.1, 5.25], [2.9, 3.05, 3.05, 2.8]), cabin=None),
}


def smooth(values, k=5):
    """Average neighbours so that body lines have no kinks."""
    return np.convolve(np.pad(values, k // 2, "edge"), np.ones(k) / k, "valid")


def loft(ys, top, bottom, half, corner=0.5, sides=25):
    """Draw superellipse sections along y."""
    a = np.linspace(0, 2 * np.pi, sides)
    x = np.outer(half, np.sign(np.cos(a)) * np.abs(np.cos(a)) ** corner)
    z = (top + bottom)[:, None] / 2 + np.outer((top - bottom) / 2, np.sign(np.sin(a)) * np.abs(np.sin(a)) ** 0.7)
    return x, np.repeat(ys[:, None], sides, 1), z


def cabin(shape, paint, ys, heights, half, base):
    """Put a glazed cabin with painted roof and pillars on the body."""
    g = np.linspace(ys[0], ys[-1], 33)
    roof = smooth(np.interp(g, ys, heights), 3)
    side = np.interp(g, [ys[0], ys[0] + 0.7, ys[-1] - 0.5, ys[-1]], [0.82, 0.94, 0.95, 0.84]) * half
    a = np.linspace(0, np.pi, 15)
    out, up = np.sign(np.cos(a)) * np.abs(np.cos(a)) ** 0.35, np.sin(a) ** 0.6
    narrow = side * (1 - 0.28 * (roof - base) / 0.5 * 0.75)
    x = (side[:, None] * (1 - up) + narrow[:, None] * up) * out
    z = base - 0.05 + (roof[:, None] - base + 0.05) * up
    vertices, faces = grid(x, np.repeat(g[:, None], 15, 1), z)
    centre = vertices[faces].mean(1)
    peak = roof.max()
    painted = (centre[:, 2] > peak - 0.055) | (centre[:, 2] < base + 0.05)
    painted |= (np.abs(centre[:, 1] + 0.35) < 0.05) & (np.abs(centre[:, 0]) > 0.4 * half)
    shape.add(paint, (vertices, faces[painted]), True).add(GLASS, (vertices, faces[~painted]), True)


def wheels(shape, axles, half, radius):
    """Put wheels on the axles."""
    for y in axles:
        for s in (-1, 1):
            x = s * (half - 0.13)
            shape.add(RUBBER, disc((x, y, radius), radius, 20, "x", 0.24))
            shape.add(RIM, tube([[x, y, radius], [x + s * 0.135, y, radius]], [radius * 0.66, radius * 0.55], 7))


def car(rng, kind=None, bus=True):
    """Build a vehicle of a given or random form and colour; where no bus may stand, a van does."""
    kind = kind or rng.choice(list(FORMS), p=[0.38, 0.17, 0.2, 0.1, 0.12, 0.03])
    if kind == "bus" and not bus:
        kind = "van"
    form = FORMS[kind]
    colour = np.array(PAINTS[rng.integers(len(PAINTS))]) * rng.uniform(0.7, 1.3)
    paint = Matter("coat", tuple(float(round(c, 4)) for c in colour), 0.3)
    shape, half, end = Shape(), form["width"] / 2, form["length"] / 2
    ys = np.linspace(-end, end, 49)
    top = smooth(np.interp(ys, *form["deck"]))
    bottom = smooth(np.interp(ys, [-end, -end + 0.4, end - 0.4, end], [0.4, 0.24, 0.22, 0.38]))
    width = smooth(
        np.interp(ys, [-end, -end + 0.2, -end + 1.1, end - 1.1, end - 0.2, end], [0.7, 0.9, 1, 1, 0.88, 0.66]), 7
    )
    if kind == "bus":
        width = np.full_like(ys, 1.0)
    x, y, z = loft(ys, top, bottom, width * half, 0.3 if kind in ("van", "bus") else 0.5)
    radius = 0.45 if kind == "bus" else 0.36 if kind in ("suv", "pickup", "van") else 0.33
    axles = (-end + 2.3, end - 2.4) if kind == "bus" else (-end + 0.95, end - 0.9)
    for axle in axles:  # the skin gives way to the wheels
        arch = ((y - axle) ** 2 + (z - radius) ** 2 < (radius + 0.09) ** 2) & (np.abs(x) > 0.5 * half)
        x = np.where(arch, np.sign(x) * 0.68 * half, x)
    vertices, faces = grid(x, y, z)
    centre = vertices[faces].mean(1)
    glazed = np.zeros(len(faces), bool)
    if form["cabin"] is None:
        low, high = (1.35, 2.45) if kind == "bus" else (1.25, 1.85)
        glazed = (centre[:, 2] > low) & (centre[:, 2] < high) & ((centre[:, 1] > 0.3) | (kind == "bus"))
        glazed &= (np.abs(np.mod(centre[:, 1], 1.5) - 0.75) > 0.08) | (np.abs(centre[:, 1]) > end - 0.4)
    shape.add(paint, (vertices, faces[~glazed]), True)
    for ring in (vertices[: x.shape[1]], vertices[-x.shape[1] :]):  # close both ends
        shape.add(paint, (ring, [(0, i, i + 1) for i in range(1, len(ring) - 1)]))
    if glazed.any():
        shape.add(GLASS, (vertices, faces[glazed]), True)
    if form["cabin"]:
        cabin(shape, paint, *form["cabin"], half, form["cabin"][1][0] - 0.03)
    wheels(shape, axles, half, radius)
    for s in (-1, 1):
        shape.add(TAIL, box((s * 0.62 * half, -end + 0.1, 0.78), (0.34, 0.14, 0.15)))
        shape.add(LAMP, box((s * 0.62 * half, end - 0.12, 0.68), (0.34, 0.14, 0.13)))
        if form["cabin"]:
            shape.add(paint, box((s * (half + 0.06), end - 1.65, 1.0), (0.18, 0.1, 0.13)))
    shape.add(PLATE, box((0, -end + 0.02, 0.62), (0.5, 0.05, 0.12)))
    return shape


def lorry(rng):
    """Build a lorry: cab and box body."""
    cab = Matter("coat", PAINTS[rng.integers(len(PAINTS))], 0.3)
    load = plain(
        *[(0.35, 0.35, 0.34), (0.3, 0.05, 0.03), (0.06, 0.1, 0.22), (0.2, 0.17, 0.12)][rng.integers(4)], rough=0.5
    )
    shape = Shape().add(cab, box((0, 2.7, 1.45), (2.2, 1.7, 1.9))).add(load, box((0, -0.9, 2.0), (2.4, 5.2, 2.5)))
    shape.add(GLASS, box((0, 3.56, 1.85), (2.0, 0.06, 0.8))).add(GLASS, box((0, 2.8, 1.85), (2.24, 0.9, 0.7)))
    shape.add(RUBBER, box((0, 0, 0.6), (0.9, 7.0, 0.3)))
    wheels(shape, (-2.3, 2.6), 1.15, 0.48)
    for s in (-1, 1):
        shape.add(LAMP, box((s * 0.8, 3.57, 0.8), (0.35, 0.06, 0.2))).add(
            TAIL, box((s * 0.9, -3.5, 0.9), (0.3, 0.06, 0.15))
        )
    return shape


def traffic(rng):
    """Build any vehicle one may meet."""
    return lorry(rng) if rng.random() < 0.06 else car(rng)
