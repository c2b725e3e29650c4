"""Render driving frames with exact masks: streets that do not exist, made by rules, drawn by Blender's Cycles.

Commands (`pip install -r render/requirements.txt` first; Python 3.11):
    python -m render --drives 36 --out FOLDER                    the embedded drives: 8 frames each
    python -m render --pretraining --drives 1650 --out FOLDER    drives for pretraining: 2 frames each, other seeds
Both go on where they were stopped. FOLDER gets CameraRGB, CameraMask, manifest.csv and recipe.json.

A drive is composed from its number alone, by NumPy; Blender only draws it. One file for one thing:
    streets, terrain, barriers, bridges, buildings, vegetation, furniture, posts, vehicles, people: how things look
    kinds: a line for each kind of street; sides: a function for each style of a side of it
    placing: a line for each small thing: what makes it, its class, where it stands, how often, how far away
    traffic: who drives, rides and parks where; dressing: what stands along a side, and in the distance
    light: a line for each kind of weather, the sky; materials: a shader for each kind of surface
    camera: how the camera moves, and what it makes of the light
    scenes: puts a drive together; world: what it consists of; shapes: meshes as arrays
    stage: Blender; frames: the files

A new object is a function in its file and a line in the table of `placing`; a new kind of street is a line in `kinds`.
"""
