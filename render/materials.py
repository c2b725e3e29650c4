"""Blender shaders for each kind of matter."""

import bpy


class Shader:
    """A small helper to wire a material's nodes."""

    def __init__(self, matter):
        self.material = bpy.data.materials.new(matter.kind)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.surface = self.tree.nodes["Principled BSDF"]
        self.colour = tuple(matter.colour)
        self.position = self.tree.nodes.new("ShaderNodeNewGeometry").outputs["Position"]
        self.surface.inputs["Roughness"].default_value = matter.rough

    def link(self, source, target):
        """Connect two sockets."""
        self.tree.links.new(source, target)

    def set(self, name, value):
        """Give an input of the surface a value or a socket."""
        socket = self.surface.inputs[name]
        if hasattr(value, "is_output"):
            self.link(value, socket)
        else:
            socket.default_value = (*value, 1) if isinstance(value, tuple) else value

    def shade(self, k):
        """Return the matter's colour, k times as bright."""
        return tuple(k * c for c in self.colour)

    def noise(self, scale, detail=3, rough=0.6, vector=None):
        """Return a noise value in space."""
        node = self.tree.nodes.new("ShaderNodeTexNoise")
        for name, value in (("Scale", scale), ("Detail", detail), ("Roughness", rough)):
            node.inputs[name].default_value = value
        self.link(vector or self.position, node.inputs["Vector"])
        return node.outputs[0]

    def ramp(self, factor, *stops):
        """Map a value to colours."""
        node = self.tree.nodes.new("ShaderNodeValToRGB")
        self.link(factor, node.inputs[0])
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (place, colour) in zip(elements, stops):
            element.position, element.color = place, (*colour, 1)
        return node.outputs[0]

    def mix(self, factor, a, b, blend="MIX"):
        """Mix two colours or sockets."""
        node = self.tree.nodes.new("ShaderNodeMix")
        node.data_type, node.blend_type = "RGBA", blend
        sockets = [node.inputs[0]] + [i for i in node.inputs if i.type == "RGBA"]
        for socket, value in zip(sockets, (factor, a, b)):
            if hasattr(value, "is_output"):
                self.link(value, socket)
            else:
                socket.default_value = (*value, 1) if isinstance(value, tuple) else value
        return [o for o in node.outputs if o.type == "RGBA"][0]

    def bump(self, height, strength, distance):
        """Roughen the surface by a height."""
        node = self.tree.nodes.new("ShaderNodeBump")
        node.inputs["Strength"].default_value, node.inputs["Distance"].default_value = strength, distance
        self.link(height, node.inputs["Height"])
        self.link(node.outputs[0], self.surface.inputs["Normal"])

    def stretched(self, x, y, z):
        """Return the position scaled along each axis."""
        node = self.tree.nodes.new("ShaderNodeVectorMath")
        node.operation = "MULTIPLY"
        node.inputs[1].default_value = (x, y, z)
        self.link(self.position, node.inputs[0])
        return node.outputs[0]


def grey(value):
    """Return a grey colour."""
    return (value,) * 3


def plain(s, matter):
    """Colour the surface evenly."""
    s.set("Base Color", s.colour)
    s.set("Metallic", matter.degree)


def noise(s, matter):
    """Mottle the colour: concrete, plaster, wood, weathered metal."""
    s.set("Base Color", s.ramp(s.noise(0.9, 4, 0.65), (0.3, s.shade(0.72)), (0.7, s.shade(1.18))))
    s.set("Metallic", matter.degree)


def asphalt(s, matter):
    """Lay asphalt with patches, tyre tracks and, after rain (degree > 0), puddles."""
    base = s.ramp(s.noise(0.16, 3), (0.3, s.shade(0.8)), (0.5, s.shade(1.0)), (0.7, s.shade(1.18)))
    tracks = s.ramp(s.noise(1.0, 2, vector=s.stretched(0.55, 0.02, 0)), (0.35, grey(0.82)), (0.65, grey(1.0)))
    base = s.mix(1.0, base, tracks, "MULTIPLY")
    rough = s.ramp(s.noise(0.4, 2), (0.35, grey(matter.rough - 0.12)), (0.65, grey(matter.rough + 0.1)))
    if matter.degree > 0:
        low = 0.72 - 0.3 * matter.degree
        wet = s.ramp(s.noise(0.22, 3, 0.5), (low - 0.08, grey(0.0)), (low, grey(1.0)))
        base = s.mix(wet, base, s.shade(0.55))
        rough = s.mix(wet, rough, grey(0.06))
    else:
        s.bump(s.noise(38, 2, 0.8), 0.35, 0.012)
    s.set("Base Color", base)
    s.set("Roughness", rough)
    s.set("Specular IOR Level", 0.4)


def worn(s, matter):
    """Paint lines that have worn through in places (degree: how much)."""
    level = 0.25 + 0.3 * matter.degree
    mask = s.ramp(s.noise(7, 4, 0.75), (level - 0.02, grey(1.0)), (level + 0.1, grey(0.0)))
    s.set("Base Color", s.mix(mask, s.shade(1.0), (0.24, 0.23, 0.22)))


def pavers(s, matter):
    """Lay paving slabs."""
    node = s.tree.nodes.new("ShaderNodeTexBrick")
    s.link(s.position, node.inputs["Vector"])
    node.inputs["Scale"].default_value, node.inputs["Mortar Size"].default_value = 1.6, 0.012
    for name, k in (("Color1", 1.05), ("Color2", 0.88), ("Mortar", 0.45)):
        node.inputs[name].default_value = (*s.shade(k), 1)
    s.set("Base Color", node.outputs[0])


def brick(s, matter):
    """Lay bricks, weathered in places."""
    axes = s.tree.nodes.new("ShaderNodeSeparateXYZ")
    s.link(s.position, axes.inputs[0])
    add = s.tree.nodes.new("ShaderNodeMath")
    s.link(axes.outputs[0], add.inputs[0])
    s.link(axes.outputs[1], add.inputs[1])
    plane = s.tree.nodes.new("ShaderNodeCombineXYZ")
    s.link(add.outputs[0], plane.inputs[0])
    s.link(axes.outputs[2], plane.inputs[1])
    node = s.tree.nodes.new("ShaderNodeTexBrick")
    s.link(plane.outputs[0], node.inputs["Vector"])
    for name, value in (("Scale", 2.2), ("Mortar Size", 0.018), ("Brick Width", 0.5), ("Row Height", 0.17)):
        node.inputs[name].default_value = value
    for name, colour in (("Color1", s.shade(1.15)), ("Color2", s.shade(0.65)), ("Mortar", (0.3, 0.27, 0.24))):
        node.inputs[name].default_value = (*colour, 1)
    s.set(
        "Base Color", s.mix(s.ramp(s.noise(0.9, 3), (0.4, grey(0.0)), (0.8, grey(0.5))), node.outputs[0], s.shade(0.5))
    )


def grass(s, matter):
    """Grow grass with dry patches (degree: how dry)."""
    dry = (0.22, 0.18, 0.08)
    far = s.ramp(s.noise(0.3, 4), (0.3, s.shade(0.8)), (0.5, s.shade(1.1)), (0.62 + 0.2 * (1 - matter.degree), dry))
    near = s.ramp(s.noise(28, 2, 0.8), (0.3, grey(0.55)), (0.7, grey(1.45)))
    s.set("Base Color", s.mix(1.0, far, near, "MULTIPLY"))
    s.set("Specular IOR Level", 0.1)


def rock(s, matter):
    """Show bare rock and dry earth between patches of grass (degree: how green)."""
    stone = s.ramp(s.noise(0.22, 6, 0.7), (0.32, s.shade(0.45)), (0.5, s.shade(1.0)), (0.68, s.shade(1.4)))
    green = s.ramp(s.noise(0.6, 3), (0.3, (0.05, 0.085, 0.02)), (0.7, (0.12, 0.15, 0.045)))
    level = 0.7 - 0.4 * matter.degree
    mask = s.ramp(s.noise(0.07, 4), (level - 0.05, grey(0.0)), (level + 0.05, grey(1.0)))
    s.set("Base Color", s.mix(mask, stone, green))
    s.bump(s.noise(0.7, 4, 0.7), 0.7, 0.5)
    s.set("Specular IOR Level", 0.1)


def leaf(s, matter):
    """Make leaves: partly translucent, every tree in its own shade."""
    own = s.tree.nodes.new("ShaderNodeObjectInfo").outputs["Random"]
    light = s.ramp(
        s.noise(1.3, 2), (0.3, s.shade(0.65)), (0.5, s.shade(1.1)), (0.75, (s.colour[0] * 1.75, *s.shade(1.45)[1:]))
    )
    base = s.mix(1.0, light, s.ramp(own, (0.0, (0.7, 0.75, 0.75)), (1.0, (1.3, 1.2, 1.0))), "MULTIPLY")
    s.set("Base Color", base)
    s.set("Specular IOR Level", 0.1)
    through = s.tree.nodes.new("ShaderNodeBsdfTranslucent")
    s.link(base, through.inputs[0])
    blend = s.tree.nodes.new("ShaderNodeMixShader")
    blend.inputs[0].default_value = 0.42
    s.link(s.surface.outputs[0], blend.inputs[1])
    s.link(through.outputs[0], blend.inputs[2])
    s.link(blend.outputs[0], s.tree.nodes["Material Output"].inputs[0])


def glass(s, matter):
    """Make dark window glass that mirrors the sky."""
    s.set("Base Color", s.colour)
    s.set("Specular IOR Level", 0.8)


def coat(s, matter):
    """Make car paint with its clear coat."""
    s.set("Base Color", s.colour)
    s.set("Coat Weight", 1.0)
    s.set("Coat Roughness", 0.04)


def emit(s, matter):
    """Make a lit lamp."""
    s.set("Base Color", s.colour)
    s.set("Emission Color", s.colour)
    s.set("Emission Strength", 2.5)
    s.material.cycles.emission_sampling = "NONE"  # too small to light anything


def water(s, matter):
    """Make rippled water."""
    s.set("Base Color", s.colour)
    s.bump(s.noise(2.5, 2), 0.25, 0.05)


KINDS = dict(
    plain=plain,
    noise=noise,
    asphalt=asphalt,
    worn=worn,
    pavers=pavers,
    brick=brick,
    grass=grass,
    rock=rock,
    leaf=leaf,
    glass=glass,
    coat=coat,
    emit=emit,
    water=water,
)


def make(matter):
    """Make the Blender material of a matter."""
    shader = Shader(matter)
    KINDS[matter.kind](shader, matter)
    return shader.material
