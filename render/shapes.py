"""Triangle meshes as plain arrays: x right, y forward, z up, metres. A geometry is a pair (vertices, faces)."""

from collections import namedtuple

import numpy as np

# What a surface is made of. The kind picks a shader in materials.py; the colour is linear RGB; the degree says how much
# the kind has of its own property: "plain" and "noise" metal, "worn" wear, "asphalt" wetness, "grass" dryness, "rock"
# green.
Matter = namedtuple("Matter", "kind colour rough degree", defaults=(0.8, 0.0))


def plain(*colour, rough=0.8, metal=0.0):
    """Name a surface of one colour."""
    return Matter("plain", colour, rough, metal)


def vary(rng, matter, amount=0.15):
    """Return the matter in a slightly different shade and hue."""
    colour = np.clip(np.array(matter.colour) * rng.normal(1, amount) * rng.normal(1, amount / 3, 3), 0.004, 0.9)
    return matter._replace(colour=tuple(float(round(c, 4)) for c in colour))


class Shape:
    """A mesh of several materials; several objects may share one shape."""

    def __init__(self):
        self.vertices, self.faces, self.slots, self.smooth, self.matters, self.count = [], [], [], [], [], 0

    def add(self, matter, geometry, smooth=False):
        """Append a geometry made of the given matter."""
        vertices, faces = geometry
        if matter not in self.matters:
            self.matters.append(matter)
        self.vertices.append(np.asarray(vertices, np.float32))
        self.faces.append(np.asarray(faces, np.int32) + self.count)
        self.slots.append(np.full(len(faces), self.matters.index(matter), np.int32))
        self.smooth.append(np.full(len(faces), smooth))
        self.count += len(vertices)
        return self

    def arrays(self):
        """Return vertices, faces, material slot and smoothness of each face."""
        return (np.concatenate(part) for part in (self.vertices, self.faces, self.slots, self.smooth))

    def warp(self, function):
        """Move every vertex by a function of the vertex array."""
        self.vertices = [np.asarray(function(v), np.float32) for v in self.vertices]
        return self


def rotation(heading):
    """Return the matrix of a turn about z, anticlockwise."""
    c, s = np.cos(heading), np.sin(heading)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def quads(corners):
    """Make a geometry of quadrilaterals from an (n, 4, 3) array."""
    corners = np.asarray(corners, float).reshape(-1, 4, 3)
    first = np.arange(len(corners))[:, None] * 4
    return corners.reshape(-1, 3), np.concatenate([first + [0, 1, 2], first + [0, 2, 3]])


def triangles(corners):
    """Make a geometry of loose triangles from an (n, 3, 3) array."""
    corners = np.asarray(corners, float).reshape(-1, 3)
    return corners, np.arange(len(corners)).reshape(-1, 3)


BOX = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
BOX_FACES = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])


def box(centre, size, heading=0.0):
    """Make a box, turned about its own centre."""
    return quads(((BOX * size) @ rotation(heading).T + centre)[BOX_FACES])


def boxes(centres, sizes):
    """Make many axis-parallel boxes at once."""
    centres, sizes = np.broadcast_arrays(np.asarray(centres, float).reshape(-1, 3), np.asarray(sizes, float))
    return quads((BOX[BOX_FACES][None] * sizes[:, None, None] + centres[:, None, None]).reshape(-1, 4, 3))


def grid(x, y, z):
    """Make a surface from three equally shaped 2-D arrays."""
    h, w = x.shape
    i = (np.arange(h - 1)[:, None] * w + np.arange(w - 1)).ravel()
    faces = np.concatenate([np.stack([i, i + 1, i + w + 1], 1), np.stack([i, i + w + 1, i + w], 1)])
    return np.stack([x, y, z], -1).reshape(-1, 3), faces


def extrude(profile, ys):
    """Draw a cross-section [(x, z), ...] along the stations ys."""
    profile, ys = np.asarray(profile, float), np.asarray(ys, float)
    x, y = np.meshgrid(profile[:, 0], ys)
    return grid(x, y, np.broadcast_to(profile[:, 1], x.shape))


def tube(path, radius, sides=8):
    """Make a closed tube of varying radius along a path."""
    path = np.asarray(path, float)
    radius = np.broadcast_to(radius, len(path))
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None] + 1e-9
    u = np.cross(tangent, [0.31, 0.9, 0.2])
    u /= np.linalg.norm(u, axis=1)[:, None] + 1e-9
    v = np.cross(tangent, u)
    a = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.cos(a)[:, None] * u[:, None] + np.sin(a)[:, None] * v[:, None]
    vertices = (path[:, None] + radius[:, None, None] * ring).reshape(-1, 3)
    k, n = len(path), sides
    i = (np.arange(k - 1)[:, None] * n + np.arange(n)).ravel()
    j = (np.arange(k - 1)[:, None] * n + (np.arange(n) + 1) % n).ravel()
    faces = [np.stack([i, j, j + n], 1), np.stack([i, j + n, i + n], 1)]
    a, m = np.arange(n), len(vertices)
    b = (a + 1) % n
    faces += [np.stack([a, b, a * 0 + m], 1), np.stack([a + (k - 1) * n, b + (k - 1) * n, a * 0 + m + 1], 1)]
    return np.vstack([vertices, path[0], path[-1]]), np.vstack(faces)


def disc(centre, radius, sides=16, axis="y", thickness=0.04):
    """Make a thin round plate that faces along an axis."""
    along = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}[axis]
    end = np.array(along) * thickness / 2
    return tube([np.array(centre) - end, np.array(centre) + end], radius, sides)


TABLE = np.random.default_rng(3).random((256, 256)).astype(np.float32)


def value_noise(x, y):
    """Return smooth noise in 0..1 over the plane."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    xi, yi = np.floor(x), np.floor(y)
    fx, fy = x - xi, y - yi
    xi, yi = xi.astype(np.int32) & 255, yi.astype(np.int32) & 255
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    x1, y1 = (xi + 1) & 255, (yi + 1) & 255
    low = TABLE[yi, xi] * (1 - fx) + TABLE[yi, x1] * fx
    return low * (1 - fy) + (TABLE[y1, xi] * (1 - fx) + TABLE[y1, x1] * fx) * fy


def fractal_noise(x, y, octaves=5, rough=0.5):
    """Return a sum of noise octaves in 0..1."""
    total, weight = 0.0, 0.0
    for k in range(octaves):
        total = total + rough**k * value_noise(x * 2**k + 17.3 * k, y * 2**k + 31.7 * k)
        weight += rough**k
    return total / weight
