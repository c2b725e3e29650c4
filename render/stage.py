"""Blender's side: put a world on stage and render its frames with class masks."""

import math
import os
import sys
import tempfile
from contextlib import contextmanager

import bpy
import numpy as np
import OpenEXR
from mathutils import Vector

from . import camera, labels, materials
from .light import sky_image


@contextmanager
def quiet():
    """Silence Blender, which writes past Python's standard output."""
    sys.stdout.flush()
    saved, sink = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(sink)


def settings(scene, size, samples, threads):
    """Set Cycles for small, quick, denoised frames with depth and class passes."""
    scene.render.engine = "CYCLES"
    render, cycles = scene.render, scene.cycles
    render.resolution_x, render.resolution_y, render.resolution_percentage = *size, 100
    render.threads_mode, render.threads = "FIXED", threads
    render.use_persistent_data = True
    cycles.device, cycles.samples, cycles.use_adaptive_sampling = "CPU", samples, False
    cycles.pixel_filter_type = "BOX"  # the class of a pixel is taken inside it
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter, cycles.denoising_quality = "FAST", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transmission_bounces = 3, 1, 2, 1
    cycles.caustics_reflective = cycles.caustics_refractive = cycles.use_light_tree = False
    cycles.sample_clamp_indirect = 4.0
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = True
    render.image_settings.media_type = "MULTI_LAYER_IMAGE"
    render.image_settings.file_format, render.image_settings.color_depth = "OPEN_EXR_MULTILAYER", "32"
    render.image_settings.exr_codec = "NONE"


def hang(scene, light):
    """Put the sky and the sun lamp into a Blender scene."""
    sky = sky_image(light)
    image = bpy.data.images.new("sky", sky.shape[1], sky.shape[0], float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    image.pixels.foreach_set(sky.ravel())
    image.pack()
    world = bpy.data.worlds.new("sky")
    scene.world, world.use_nodes = world, True
    tree = world.node_tree
    node = tree.nodes.new("ShaderNodeTexEnvironment")
    node.image = image
    tree.links.new(node.outputs[0], tree.nodes["Background"].inputs[0])
    world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", 256
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy, lamp.color, lamp.angle = light.energy, light.sun_colour, math.radians(0.9)
    sun = bpy.data.objects.new("sun", lamp)
    sun.rotation_euler = Vector(-light.direction).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(sun)


class Stage:
    """A Blender scene that shows one world."""

    def __init__(self, world, light, size, samples=4, threads=1):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene, self.world = bpy.context.scene, world
        self.meshes, self.materials, self.movers = {}, {}, []
        settings(self.scene, size, samples, threads)
        hang(self.scene, light)
        for thing in world.things:
            self.stand(thing)
        lens = bpy.data.cameras.new("camera")
        lens.angle, lens.clip_start, lens.clip_end = math.radians(camera.FIELD_OF_VIEW), 0.05, 3000
        self.camera = bpy.data.objects.new("camera", lens)
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera
        self.ego = bpy.data.objects.new("own car", self.mesh(world.ego))
        self.ego.visible_camera = False  # it only throws its shadow
        self.scene.collection.objects.link(self.ego)

    def material(self, matter):
        """Return the material of a matter, made once."""
        if matter not in self.materials:
            self.materials[matter] = materials.make(matter)
        return self.materials[matter]

    def mesh(self, shape):
        """Return the Blender mesh of a shape, made once."""
        if id(shape) not in self.meshes:
            vertices, faces, slots, smooth = shape.arrays()
            mesh = bpy.data.meshes.new("mesh")
            mesh.vertices.add(len(vertices))
            mesh.vertices.foreach_set("co", np.ascontiguousarray(vertices, np.float32).ravel())
            mesh.loops.add(faces.size)
            mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(faces, np.int32).ravel())
            mesh.polygons.add(len(faces))
            mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
            for matter in shape.matters:
                mesh.materials.append(self.material(matter))
            mesh.polygons.foreach_set("material_index", slots)
            mesh.polygons.foreach_set("use_smooth", smooth)
            mesh.update(calc_edges=True)
            self.meshes[id(shape)] = mesh
        return self.meshes[id(shape)]

    def stand(self, thing):
        """Add an object for a thing."""
        item = bpy.data.objects.new("thing", self.mesh(thing.poses[0]))
        item.pass_index, item.scale = thing.label, (thing.scale,) * 3
        self.scene.collection.objects.link(item)
        self.place(item, thing, 0)
        if thing.speed or len(thing.poses) > 1:
            self.movers.append((item, thing))

    def place(self, item, thing, time):
        """Move an object to where its thing is at a time (in frames)."""
        x = thing.x - math.sin(thing.heading) * thing.speed * time
        y = thing.y + math.cos(thing.heading) * thing.speed * time
        z, heading, tilt = thing.z, 0.0, 0.0
        if thing.follows:
            z += self.world.path.level(y)
            if thing.label == labels.VEHICLES:
                tilt = self.world.path.slope(y) * math.cos(thing.heading)
            x, y, heading = self.world.path.pose(x, y)
        item.location, item.rotation_euler = (x, y, z), (tilt, 0, heading + thing.heading)
        if len(thing.poses) > 1:
            item.data = self.mesh(thing.poses[time % len(thing.poses)])

    def render(self, time, view):
        """Render one moment.

        Args:
            time: number of the frame; what moves has moved so many steps.
            view: where the camera is and looks, as `camera.views` returns it.

        Returns:
            Linear light (height, width, 3), depth in metres, class ids, and the camera's pose (x, y, heading).
        """
        for item, thing in self.movers:
            self.place(item, thing, time)
        x, y, heading = self.world.path.pose(view["x"], view["y"])
        level, slope = self.world.path.level(view["y"]), self.world.path.slope(view["y"])
        heading += view["yaw"]
        self.camera.location = (x, y, level + view["height"])
        self.camera.rotation_euler = (math.pi / 2 + view["pitch"] + slope, view["roll"], heading)
        self.ego.location = (x + 2.7 * math.sin(heading), y - 2.7 * math.cos(heading), level)
        self.ego.rotation_euler = (slope, 0, heading)
        with tempfile.TemporaryDirectory() as folder:
            self.scene.render.filepath = os.path.join(folder, "frame.exr")
            bpy.ops.render.render(write_still=True)
            passes = {
                name: channel.pixels
                for part in OpenEXR.File(self.scene.render.filepath).parts
                for name, channel in ((f"{part.name()}|{key}", value) for key, value in part.channels.items())
            }
        pick = lambda key: next(pixels for name, pixels in passes.items() if key in name)  # noqa: E731
        ids = np.rint(pick("Object Index").squeeze()).astype(np.uint8)
        ids[ids == 0] = labels.SKY
        return pick("Combined")[..., :3], pick("Depth").squeeze(), ids, (x, y, heading)
