"""Buildings: towers, slabs of flats, houses, shops and bare concrete frames; each stands on the origin, front to -y."""

import numpy as np

from .shapes import Matter, Shape, box, boxes, plain, quads, rotation, tube, vary

WALLS = [
    (0.62, 0.58, 0.52),
    (0.45, 0.42, 0.38),
    (0.52, 0.32, 0.20),
    (0.40, 0.20, 0.13),
    (0.30, 0.29, 0.28),
    (0.60, 0.50, 0.38),
    (0.22, 0.22, 0.23),
    (0.68, 0.66, 0.62),
    (0.48, 0.44, 0.42),
    (0.35, 0.28, 0.22),
]
CONCRETE = Matter("noise", (0.36, 0.34, 0.31), 0.85)
GLASS = [
    Matter("glass", c, r)
    for c, r in (
        ((0.02, 0.028, 0.04), 0.06),
        ((0.035, 0.045, 0.06), 0.1),
        ((0.10, 0.11, 0.115), 0.15),
        ((0.28, 0.25, 0.20), 0.4),
    )
]


def wall_matter(rng):
    """Choose a plaster, stone or brick."""
    colour = WALLS[rng.integers(len(WALLS))]
    colour = tuple(
        round(float(c * k), 4) for c, k in zip(colour, np.array((0.95, 0.9, 0.82)) * rng.choice([0.4, 0.75, 1.05]))
    )
    kind = "brick" if colour[0] > 2 * colour[2] and rng.random() < 0.5 else "noise"
    return vary(rng, Matter(kind, colour, 0.85), 0.12)


def facades(shape, rng, width, depth, height, floors, bays, wall, pier=0.4, band=0.4, proud=0.25, trim=None):
    """Clad a block: glass cells behind horizontal bands and vertical piers, which give the windows real reveals."""
    trim = trim or wall
    storey = height / floors
    for turn, (span, reach, n) in enumerate([(width, depth, bays[0]), (depth, width, bays[1])] * 2):
        cell, heading = span / n, (0, np.pi / 2, np.pi, -np.pi / 2)[turn]
        x, z = np.meshgrid(np.arange(n) * cell - span / 2, np.arange(floors) * storey)
        x, z = x.ravel(), z.ravel()
        corners = np.stack(
            [
                np.stack([x + i * cell, 0 * x - reach / 2, z + j * storey], 1)
                for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))
            ],
            1,
        )
        pick = rng.choice(4, len(x), p=[0.55, 0.27, 0.13, 0.05])
        turned = rotation(heading).T
        for g in range(4):
            if (pick == g).any():
                shape.add(GLASS[g], quads(corners[pick == g] @ turned))
        levels = np.arange(floors + 1) * storey
        heights = np.full(floors + 1, band * storey)
        rows = boxes(
            np.column_stack([0 * levels, 0 * levels - reach / 2, np.minimum(levels + 0.1 * storey, height)]),
            np.column_stack([0 * levels + span + 2 * proud, 0 * levels + 2 * proud, heights]),
        )
        shape.add(wall, (rows[0] @ turned, rows[1]))
        posts = np.arange(n + 1) * cell - span / 2
        columns = boxes(
            np.column_stack([posts, 0 * posts - reach / 2, 0 * posts + height / 2]),
            np.column_stack([0 * posts + pier * cell, 0 * posts + 2.3 * proud, 0 * posts + height]),
        )
        shape.add(trim, (columns[0] @ turned, columns[1]))
    return shape


def roof_things(shape, rng, width, depth, height, wall):
    """Close the roof with a parapet and plant rooms."""
    shape.add(CONCRETE, box((0, 0, height + 0.2), (width + 0.7, depth + 0.7, 0.7)))
    for _ in range(rng.integers(1, 5)):
        size = rng.uniform(2, 0.35 * min(width, depth) + 2.1, 2)
        x, y = rng.uniform(-0.3, 0.3, 2) * (width, depth)
        shape.add(wall, box((x, y, height + 1.4), (size[0], size[1], rng.uniform(1.5, 4))))
    return shape


def balconies(shape, rng, width, depth, height, floors, bays, matter):
    """Hang balconies on the front and the two ends."""
    step, storey = int(rng.integers(2, 4)), height / floors
    slots = [
        (side, k, f) for side in range(4) for k in range(bays[side % 2]) for f in range(1, floors) if k % step == 1
    ]
    for side, k, f in slots:
        span, reach = ((width, depth), (depth, width))[side % 2]
        cell = span / bays[side % 2]
        x, z, turned = (k + 0.5) * cell - span / 2, f * storey, rotation(side * np.pi / 2).T
        for part in (
            box((x, -reach / 2 - 0.7, z + 0.1), (0.95 * cell, 1.5, 0.18)),
            box((x, -reach / 2 - 1.4, z + 0.6), (0.95 * cell, 0.1, 1.0)),
        ):
            shape.add(matter, (part[0] @ turned, part[1]))
    return shape


def apartments(rng):
    """Build a slab of flats or an office of 3 to 9 floors."""
    floors = int(rng.integers(3, 10))
    width, depth, height = rng.uniform(14, 32), rng.uniform(11, 18), floors * rng.uniform(3.0, 3.6)
    bays = int(width / rng.uniform(2.6, 4.5)), int(depth / rng.uniform(2.6, 4.5))
    wall, shape = wall_matter(rng), Shape()
    ribbon = rng.random() < 0.35
    facades(
        shape,
        rng,
        width,
        depth,
        height,
        floors,
        bays,
        wall,
        0.06 if ribbon else rng.uniform(0.3, 0.6),
        rng.uniform(0.35, 0.6),
        rng.uniform(0.12, 0.3),
    )
    if rng.random() < 0.5:
        balconies(shape, rng, width, depth, height, floors, bays, vary(rng, wall, 0.3))
    return roof_things(shape, rng, width, depth, height, wall), width, depth


def tower(rng):
    """Build an office tower: dark glass and fins, or stone bands."""
    floors = int(rng.integers(11, 26))
    width, depth, height = rng.uniform(16, 30), rng.uniform(16, 28), floors * rng.uniform(3.2, 3.8)
    bays = int(width / rng.uniform(1.6, 3.5)), int(depth / rng.uniform(1.6, 3.5))
    shape, style = Shape(), rng.random()
    if style < 0.45:
        fins = vary(
            rng, plain(*[(0.10, 0.13, 0.18), (0.4, 0.4, 0.4), (0.03, 0.035, 0.045)][rng.integers(3)], rough=0.4)
        )
        facades(
            shape,
            rng,
            width,
            depth,
            height,
            floors,
            bays,
            vary(rng, plain(0.04, 0.05, 0.07, rough=0.2)),
            rng.uniform(0.08, 0.3),
            rng.uniform(0.08, 0.3),
            rng.uniform(0.15, 0.5),
            fins,
        )
    else:
        wall = wall_matter(rng)
        facades(
            shape,
            rng,
            width,
            depth,
            height,
            floors,
            bays,
            wall,
            rng.choice([0.1, 0.3, 0.5]),
            rng.uniform(0.3, 0.6),
            rng.uniform(0.15, 0.5),
        )
        if rng.random() < 0.3:
            balconies(shape, rng, width, depth, height, floors, bays, wall)
    return roof_things(shape, rng, width, depth, height, CONCRETE), width, depth


def round_tower(rng):
    """Build a cylindrical tower of stacked bands."""
    radius, floors = rng.uniform(7, 11), int(rng.integers(9, 20))
    wall, shape, height = wall_matter(rng), Shape(), floors * 3.4
    shape.add(GLASS[1], tube([[0, 0, 0], [0, 0, height]], radius, 36))
    for f in range(floors + 1):
        shape.add(wall, tube([[0, 0, f * 3.4 - 0.6], [0, 0, f * 3.4 + 0.9]], radius + 0.3, 36))
    return shape, 2 * radius, 2 * radius


def bare_frame(rng):
    """Build an unfinished concrete frame: slabs, columns and starter bars, sky between them."""
    floors, nx, ny = int(rng.integers(4, 12)), int(rng.integers(3, 6)), int(rng.integers(3, 5))
    bay, storey = rng.uniform(4.5, 6.5), rng.uniform(3.2, 3.8)
    width, depth, height, shape = nx * bay, ny * bay, floors * storey, Shape()
    wall = vary(rng, Matter("noise", (0.30, 0.28, 0.26), 0.9))
    z = np.arange(1, floors + 1) * storey
    shape.add(wall, boxes(np.column_stack([0 * z, 0 * z, z]), (width + 1, depth + 1, 0.35)))
    x, y = np.meshgrid(np.linspace(-width / 2, width / 2, nx + 1), np.linspace(-depth / 2, depth / 2, ny + 1))
    x, y, top = x.ravel(), y.ravel(), height + rng.choice([0, 5, 9]) * rng.uniform(0.5, 1)
    shape.add(wall, boxes(np.column_stack([x, y, 0 * x + top / 2]), (0.6, 0.6, top)))
    shape.add(wall, box((width * 0.2, 0, height / 2 + 2), (5, 5, height + 4)))
    return shape, width, depth


def house(rng):
    """Build a house with a gable roof."""
    width, depth, floors = rng.uniform(8, 15), rng.uniform(8, 12), int(rng.integers(1, 4))
    height, wall, shape = floors * 3.0, wall_matter(rng), Shape()
    facades(shape, rng, width, depth, height, floors, (int(width / 3), int(depth / 3)), wall, 0.6, 0.55, 0.08)
    rise, eave = rng.uniform(1.5, 4), 0.6
    roof = vary(
        rng, Matter("noise", [(0.22, 0.09, 0.06), (0.09, 0.085, 0.09), (0.16, 0.12, 0.09)][rng.integers(3)]), 0.2
    )
    w, d = width / 2 + eave, depth / 2 + eave
    low, high = height - 0.1, height + rise
    shape.add(
        roof,
        quads(
            [
                [(-w, -d, low), (w, -d, low), (w, 0, high), (-w, 0, high)],
                [(w, d, low), (-w, d, low), (-w, 0, high), (w, 0, high)],
            ]
        ),
    )
    for s in (-1, 1):
        gable = s * (width / 2)
        shape.add(wall, ([(gable, -d + eave, low), (gable, d - eave, low), (gable, 0, high - 0.3)], [(0, 1, 2)]))
    shape.add(wall, box((width * 0.25, depth * 0.15, high), (0.8, 0.8, 1.8)))
    return shape, width, depth


def shop(rng):
    """Build a row of low shops with awnings."""
    width, depth, floors = rng.uniform(14, 30), rng.uniform(9, 14), int(rng.integers(1, 3))
    height, wall, shape = floors * 4.0, wall_matter(rng), Shape()
    bays = int(width / 4), int(depth / 4)
    facades(shape, rng, width, depth, height, floors, bays, wall, rng.uniform(0.1, 0.4), rng.uniform(0.25, 0.5), 0.2)
    cloth = [plain(*c) for c in ((0.4, 0.05, 0.04), (0.6, 0.57, 0.5), (0.05, 0.12, 0.07), (0.06, 0.09, 0.2))]
    cell = width / bays[0]
    for k in range(bays[0]):
        if rng.random() < 0.7:
            x0, x1, y = k * cell - width / 2 + 0.2, (k + 1) * cell - width / 2 - 0.2, -depth / 2 - 0.3
            shape.add(
                cloth[rng.integers(4)], quads([(x0, y, 3.4), (x1, y, 3.4), (x1, y - 1.5, 2.6), (x0, y - 1.5, 2.6)])
            )
    return roof_things(shape, rng, width, depth, height, wall), width, depth


def shed(rng):
    """Build a warehouse with a row of high windows."""
    width, depth, height = rng.uniform(20, 45), rng.uniform(14, 24), rng.uniform(5, 9)
    wall, shape = wall_matter(rng), Shape()
    shape.add(wall, box((0, 0, height / 2), (width, depth, height)))
    x = np.arange(-width / 2 + 2, width / 2 - 1, 3.0)
    for s in (-1, 1):
        shape.add(GLASS[0], boxes(np.column_stack([x, 0 * x + s * depth / 2, 0 * x + height - 1.6]), (2.2, 0.1, 1.2)))
    shape.add(vary(rng, CONCRETE, 0.3), box((0, 0, height + 0.15), (width + 0.8, depth + 0.8, 0.4)))
    return shape, width, depth


KINDS = dict(
    apartments=apartments,
    tower=tower,
    round_tower=round_tower,
    bare_frame=bare_frame,
    house=house,
    shop=shop,
    shed=shed,
)
