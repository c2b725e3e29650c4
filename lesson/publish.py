"""Take the outputs of an executed copy into the lesson: python -m lesson.publish EXECUTED LESSON."""
import base64
import re
import sys
from pathlib import Path

import imageio.v3 as iio
import nbformat

from lesson.files import write_whole
from lesson.notebook import clear_metadata, code_cells, source_hash

OF_A_MACHINE = r"(?<![\w.])(/home/|/root/|/Users/|/tmp/|[A-Z]:\\)[^\s'\"]*"


def publish(executed_path, lesson_path):
    """Write the outputs of an executed copy into the lesson, with the hash of the code that they belong to.

    The first image that the cell with the tag `prediction` shows goes to `images/prediction.png` too, for the README.

    Args:
        executed_path, lesson_path: paths of notebooks with the same code.

    Raises:
        SystemExit: if the copy was made from other code, or shows what may not be committed: an error, text on stderr,
            a path of this machine. Then nothing is written.
    """
    lesson_path = Path(lesson_path)
    executed, lesson = (nbformat.read(path, as_version=4) for path in (executed_path, lesson_path))
    if source_hash(executed) != source_hash(lesson):
        sys.exit(f"{executed_path} was executed from other code than {lesson_path}: execute it again.")
    clear_metadata(lesson)
    images = []
    for target, source in zip(code_cells(lesson), code_cells(executed)):
        for output in source.outputs:
            _refuse(output, f"cell {source.id} of {executed_path}", lesson_path)
            if "data" in output:
                _keep_room(output.data)
                output.metadata = {kind: value for kind, value in output.metadata.items() if kind == "image/png"}
        target.outputs, target.execution_count = source.outputs, source.execution_count
        if "prediction" in target.metadata.get("tags", []):
            images += [output.data["image/png"] for output in source.outputs if "image/png" in output.get("data", {})]
    if not images:
        sys.exit(f"No cell of {lesson_path} with the tag `prediction` shows an image: the README needs one.")
    lesson.metadata["source_hash"] = source_hash(lesson)
    write_whole(lesson_path, lambda draft: nbformat.write(lesson, draft))
    image = base64.b64decode(images[0])
    write_whole(lesson_path.parent / "images" / "prediction.png", lambda draft: draft.write_bytes(image))


def _refuse(output, where, lesson_path):
    """End the program if an output may not be committed."""
    if output.output_type == "error" or output.get("name") == "stderr":
        sys.exit(f"{where} wrote an error or text on stderr:\n{output}")
    text = str(output.get("text", "")) + "".join(
        str(value) for kind, value in output.get("data", {}).items() if not kind.startswith("image/"))
    found = re.search(rf"{re.escape(str(lesson_path.resolve().parent))}|{OF_A_MACHINE}", text)
    if found:
        sys.exit(f"{where} shows {found[0]}, a path of this machine: let it print a relative one.")


def _keep_room(data):
    """Lengthen the text of an output to about the height of its image or table.

    Until JupyterLab draws an output it keeps room for the lines of this text. Drawn outputs would push away what
    stands below them, among it the heading that a link of the contents list has just led to.
    """
    if "image/png" in data:
        height, width, *_ = iio.imread(base64.b64decode(data["image/png"])).shape
        height *= min(1, 900 / width)   # a wider image is made smaller to fit the page
    else:
        height = 24 * data.get("text/html", "").count("<tr")
    text = data["text/plain"].rstrip("\n")
    data["text/plain"] = text + "\n" * (int(height / 17) - text.count("\n"))


if __name__ == "__main__":
    publish(*sys.argv[1:])
