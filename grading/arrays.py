"""Look at what exercises 4 and 5 returned, arrays; what is noticed has the form of `grading.blocks`."""
import numpy as np

import outputs


def _numbers(values):
    """Write a number, or a row of them, without the rounding errors of its type."""
    if np.ndim(values):
        return f'[{", ".join(map(_numbers, values))}]'
    return f"{values}" if np.issubdtype(values.dtype, np.integer) else f"{values:.6g}"


def look_at_array(call):
    """Look at the array that one call of exercise 4 or 5 returned."""
    check, expected = call.wanted["check"], call.wanted["expected"]
    if call.error:
        yield check, call.error
    elif call.ready_made and call.exercise == "pixel_crossentropy":
        yield next(iter(outputs.exercises[call.exercise]["checks"])), None
        yield check, f"the function calls a ready-made loss, {call.ready_made}"
    elif call.problem or call.value.shape != expected.shape:
        text = call.problem or f"the result has the shape {call.value.shape}"
        yield next(iter(outputs.exercises[call.exercise]["checks"])), text
        yield check, None
    else:
        wrong = ~np.isclose(call.value, expected, rtol=1e-4, atol=call.wanted["tolerance"], equal_nan=True)
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0].tolist())
            where = [f"{name}{list(place)} is {_numbers(array[place])}" for name, array in call.case["arrays"].items()]
            if "confusion" in call.case["arrays"]:
                where += [f'confusion[:, {place[0]}] is {_numbers(call.case["arrays"]["confusion"][:, place[0]])}']
            where = f' where {" and ".join(where)}'
            verb = "is not right:" if wrong.sum() == 1 else "are not right; the first is"
            yield check, (f"{wrong.sum()} of {wrong.size} values {verb} result{list(place)} = "
                          f"{call.value[place] + 0:.6g}" + where * (len(where) < 200))
        for name in call.changed:
            yield "arguments", f"after the call, the argument {name} has other values than before"
