"""Take the outputs of an executed copy into the lesson: python -m lesson.publish EXECUTED LESSON."""
import base64
import sys
from pathlib import Path

import imageio.v3 as iio
import nbformat

from lesson.notebook import code_cells, source_hash


def keep_room(data):
    """Lengthen the text of an output to about the height of its picture or table.

    Until JupyterLab draws an output it keeps room for the lines of this text. Drawn outputs would push away what
    stands below them, among it the heading that a link of the contents list has just led to.
    """
    if "image/png" in data:
        height, width, *_ = iio.imread(base64.b64decode(data["image/png"])).shape
        height *= min(1, 900 / width)   # a wider picture is made smaller to fit the page
    else:
        height = 24 * data.get("text/html", "").count("<tr")
    text = data["text/plain"].rstrip("\n")
    data["text/plain"] = text + "\n" * (int(height / 17) - text.count("\n"))


def adopt(executed_path, lesson_path):
    """Write the outputs of an executed copy into the lesson, with the hash of the code that they belong to.

    The first predicted mask goes to `images/prediction.png` too, for the README.

    Raises:
        SystemExit: if the copy was made from other code, or holds an error or text on stderr.
    """
    executed, lesson = (nbformat.read(path, as_version=4) for path in (executed_path, lesson_path))
    if source_hash(executed) != source_hash(lesson):
        sys.exit(f"{executed_path} was executed from other code than {lesson_path}: execute it again.")
    for target, source in zip(code_cells(lesson), code_cells(executed)):
        for output in source.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                sys.exit(f"cell {source.id} of {executed_path} wrote an error or text on stderr:\n{output}")
            if "data" in output:
                keep_room(output.data)
                output.metadata = {kind: value for kind, value in output.metadata.items() if kind == "image/png"}
        target.outputs, target.execution_count = source.outputs, source.execution_count
    lesson.metadata["source_hash"] = source_hash(lesson)
    nbformat.write(lesson, lesson_path)
    cells = {cell.id: cell for cell in code_cells(lesson)}
    (picture, *_) = (output.data["image/png"] for output in cells["first-prediction"].outputs if "data" in output)
    (Path(lesson_path).parent / "images" / "prediction.png").write_bytes(base64.b64decode(picture))


if __name__ == "__main__":
    adopt(*sys.argv[1:])
