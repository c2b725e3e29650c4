"""Cars, vans, buses, lorries and two-wheelers; they face +y, wheels on the ground."""

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
    (0.62, 0.61, 0.58),
    (0.05, 0.11, 0.10),
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


def car(rng, kind=None):
    """Build a vehicle of a given form, or any car or van."""
    kind = kind or rng.choice(["saloon", "hatch", "suv", "pickup", "van"], p=[0.39, 0.18, 0.21, 0.1, 0.12])
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
    if form["cabin"] is None:  # upright ends
        width = np.interp(ys, [-end, -end + 0.3, end - 0.9, end], [0.93, 1, 1, 1.0 if kind == "bus" else 0.8])
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
    else:
        ends(shape, half, end, kind == "bus")
    wheels(shape, axles, half, radius)
    for s in (-1, 1):
        back = -end + (0.1 if form["cabin"] else 0.02)
        shape.add(TAIL, box((s * 0.62 * half, back, 0.78), (0.34, 0.14, 0.15)))
        shape.add(LAMP, box((s * 0.62 * half, end - 0.12, 0.68), (0.34, 0.14, 0.13)))
        if form["cabin"]:
            shape.add(paint, box((s * (half + 0.06), end - 1.65, 1.0), (0.18, 0.1, 0.13)))
    shape.add(PLATE, box((0, -end + 0.02, 0.62), (0.5, 0.05, 0.12)))
    return shape


def ends(shape, half, end, bus):
    """Give the upright ends of a van or bus windows, bumpers and doors."""
    middle, high = (1.9, 1.0) if bus else (1.52, 0.55)
    shape.add(GLASS, box((0, -end, middle), (1.55 * half, 0.06, high)))
    shape.add(RUBBER, box((0, -end, 0.48), (1.8 * half, 0.16, 0.22)))
    if bus:
        shape.add(GLASS, box((0, end, 1.75), (1.8 * half, 0.06, 1.3)))
        shape.add(LAMP, box((0, end, 2.75), (1.2 * half, 0.08, 0.22)))  # where it goes
        shape.add(RUBBER, box((0, end, 0.45), (1.8 * half, 0.12, 0.25)))
    else:
        shape.add(RUBBER, box((0, -end, 1.2), (0.03, 0.08, 1.6)))


def lorry(rng):
    """Build a lorry: cab and box body, flat bed with a load, or tank."""
    cab = Matter("coat", PAINTS[rng.integers(len(PAINTS))], 0.3)
    loads = [(0.35, 0.35, 0.34), (0.3, 0.05, 0.03), (0.06, 0.1, 0.22), (0.2, 0.17, 0.12), (0.06, 0.14, 0.08)]
    load, kind = plain(*loads[rng.integers(len(loads))], rough=0.5), rng.integers(7)
    shape = Shape().add(cab, box((0, 2.7, 1.45), (2.2, 1.7, 1.9)))
    if kind == 0:
        shape.add(
            load,
            tube([[0, y, 1.9] for y in (-3.45, -3.4, -3.2, 1.4, 1.6, 1.65)], [0.5, 0.9, 1.1, 1.1, 0.9, 0.5], 20),
            True,
        )
    elif kind == 1:
        shape.add(load, box((0, -0.9, 1.05), (2.4, 5.2, 0.5)))
        for y in (-2.6, -0.9, 0.7):
            shape.add(RIM, box((0, y, 1.3 + 0.5 * rng.random()), (2.0, 1.3, 1.0)))
    else:
        shape.add(load, box((0, -0.9, 2.0), (2.4, 5.2, rng.uniform(2.0, 2.7))))
        if rng.random() < 0.5:  # a painted stripe
            stripe = plain(*loads[rng.integers(len(loads))], rough=0.5)
            shape.add(stripe, box((0, -0.9, 1.7), (2.44, 5.0, rng.uniform(0.3, 0.9))))
    shape.add(GLASS, box((0, 3.56, 1.85), (2.0, 0.06, 0.8))).add(GLASS, box((0, 2.8, 1.85), (2.24, 0.9, 0.7)))
    shape.add(RUBBER, box((0, 0, 0.6), (0.9, 7.0, 0.3)))
    shape.add(RUBBER, box((0, 3.6, 0.6), (2.1, 0.12, 0.35)))
    shape.add(RUBBER, box((0, -3.5, 0.8), (2.2, 0.1, 0.28))).add(RUBBER, box((0, -3.48, 2.0), (0.05, 0.1, 1.9)))
    wheels(shape, (-2.3, 2.6), 1.15, 0.48)
    for s in (-1, 1):
        shape.add(LAMP, box((s * 0.8, 3.57, 0.8), (0.35, 0.06, 0.2))).add(
            TAIL, box((s * 0.9, -3.5, 0.9), (0.3, 0.06, 0.15))
        )
    return shape


def ring(y, radius, thickness, shape, matter):
    """Add an upright wheel at station y."""
    a = np.linspace(0, 2 * np.pi, 19)
    shape.add(matter, tube(np.stack([0 * a, y + radius * np.cos(a), radius + radius * np.sin(a)], 1), thickness, 6))


def bicycle(rng):
    """Build a bicycle."""
    paint, shape = Matter("coat", PAINTS[rng.integers(len(PAINTS))], 0.3), Shape()
    hub, crank, saddle, head = [0, -0.5, 0.34], [0, 0, 0.3], [0, -0.2, 0.92], [0, 0.42, 0.86]
    for y in (-0.5, 0.55):
        ring(y, 0.33, 0.03, shape, RUBBER)
        for a in np.linspace(0, np.pi, 5)[:-1]:
            d = 0.31 * np.array([0, np.cos(a), np.sin(a)])
            shape.add(RIM, tube([np.array([0, y, 0.34]) - d, np.array([0, y, 0.34]) + d], 0.008, 4))
    for a, b in ((hub, crank), (crank, saddle), (crank, head), (hub, saddle), (saddle, head), (head, [0, 0.55, 0.34])):
        shape.add(paint, tube([a, b], 0.024, 6))
    shape.add(RUBBER, box((0, -0.2, 0.95), (0.16, 0.26, 0.06)))
    shape.add(RUBBER, tube([[-0.27, 0.4, 1.04], [0, 0.46, 1.02], [0.27, 0.4, 1.04]], 0.02, 6))
    return shape.add(RUBBER, tube([[-0.13, 0, 0.3], [0.13, 0, 0.3]], 0.05, 6))


def motorcycle(rng):
    """Build a motorcycle."""
    paint, shape = Matter("coat", PAINTS[rng.integers(len(PAINTS))], 0.3), Shape()
    for y in (-0.68, 0.72):
        ring(y, 0.29, 0.07, shape, RUBBER)
        shape.add(RIM, tube([[-0.05, y, 0.3], [0.05, y, 0.3]], 0.18, 12))
    shape.add(RIM, box((0, 0.02, 0.42), (0.34, 0.5, 0.36)))
    tank = [[0, -0.12, 0.8], [0, 0.1, 0.86], [0, 0.32, 0.84], [0, 0.42, 0.8]]
    shape.add(paint, tube(tank, [0.1, 0.17, 0.17, 0.06], 10), True)
    shape.add(RUBBER, tube([[0, -0.75, 0.84], [0, -0.5, 0.78], [0, -0.1, 0.76]], [0.08, 0.13, 0.13], 8), True)
    shape.add(paint, tube([[0, -0.85, 0.75], [0, -0.45, 0.66]], [0.06, 0.12], 8), True)
    for s in (-1, 1):
        shape.add(RIM, tube([[s * 0.09, 0.72, 0.3], [s * 0.08, 0.45, 0.98]], 0.03, 6))
        shape.add(RIM, tube([[s * 0.17, 0.1, 0.3], [s * 0.17, -0.75, 0.42]], [0.04, 0.06], 8))
    shape.add(RUBBER, tube([[-0.36, 0.36, 1.0], [0, 0.46, 1.0], [0.36, 0.36, 1.0]], 0.022, 6))
    shape.add(LAMP, disc((0, 0.56, 0.9), 0.1, 12)).add(TAIL, box((0, -0.88, 0.78), (0.14, 0.06, 0.08)))
    return shape.add(PLATE, box((0, -0.9, 0.58), (0.2, 0.03, 0.14)))


def traffic(rng):
    """Build any vehicle with four wheels or more that one may meet."""
    kind = rng.choice(["car", "van", "bus", "lorry"], p=[0.78, 0.06, 0.07, 0.09])
    return lorry(rng) if kind == "lorry" else car(rng, None if kind == "car" else kind)
