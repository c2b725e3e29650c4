"""Blender's side: put a world on stage and render its frames with class masks."""

import math
import os
import sys
import tempfile
from contextlib import contextmanager

import bpy
import numpy as np
import OpenEXR

from . import labels, materials
from . import light as lighting


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


def settings(scene, samples):
    """Set Cycles for small, quick, denoised frames with depth and class passes."""
    scene.render.engine = "CYCLES"
    render, cycles = scene.render, scene.cycles
    render.resolution_x, render.resolution_y, render.resolution_percentage = 640, 480, 100
    render.use_persistent_data = True
    cycles.device, cycles.samples, cycles.use_adaptive_sampling = "CPU", samples, False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter, cycles.denoising_quality = "FAST", "BALANCED"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transmission_bounces = 3, 1, 2, 1
    cycles.caustics_reflective = cycles.caustics_refractive = cycles.use_light_tree = False
    cycles.sample_clamp_indirect = 4.0
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = True
    render.image_settings.media_type = "MULTI_LAYER_IMAGE"
    render.image_settings.file_format, render.image_settings.color_depth = "OPEN_EXR_MULTILAYER", "32"
    render.image_settings.exr_codec = "NONE"


class Stage:
    """A Blender scene that shows one world."""

    def __init__(self, world, light, samples=6):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene, self.world = bpy.context.scene, world
        self.meshes, self.materials, self.movers = {}, {}, []
        settings(self.scene, samples)
        lighting.hang(self.scene, light)
        for thing in world.things:
            self.stand(thing)
        camera = bpy.data.cameras.new("camera")
        camera.angle, camera.clip_start, camera.clip_end = math.radians(95), 0.05, 3000
        self.camera = bpy.data.objects.new("camera", camera)
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
        heading = 0.0
        if thing.follows:
            x, y, heading = self.world.path.pose(x, y)
        item.location, item.rotation_euler = (x, y, thing.z), (0, 0, heading + thing.heading)
        if len(thing.poses) > 1:
            item.data = self.mesh(thing.poses[time % len(thing.poses)])

    def render(self, time, view):
        """Render one moment: linear light, depth, class ids and the camera's pose."""
        for item, thing in self.movers:
            self.place(item, thing, time)
        x, y, heading = self.world.path.pose(view["x"], view["y"])
        heading += view["yaw"]
        self.camera.location = (x, y, view["height"])
        self.camera.rotation_euler = (math.pi / 2 + view["pitch"], view["roll"], heading)
        self.ego.location = (x + 2.7 * math.sin(heading), y - 2.7 * math.cos(heading), 0)
        self.ego.rotation_euler = (0, 0, heading)
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
