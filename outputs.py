"""What each exercise must build and what its checks ask, as data: no code, no solution."""

# The whole network, one row a layer, as `test_utils.summary` prints it.
unet_model_output = [
    ["InputLayer", [(None, 96, 128, 3)], 0],
    ["Conv2D", (None, 96, 128, 32), 896, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 96, 128, 32), 9248, "same", "relu", "HeNormal"],
    ["MaxPooling2D", (None, 48, 64, 32), 0, (2, 2)],
    ["Conv2D", (None, 48, 64, 64), 18496, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 48, 64, 64), 36928, "same", "relu", "HeNormal"],
    ["MaxPooling2D", (None, 24, 32, 64), 0, (2, 2)],
    ["Conv2D", (None, 24, 32, 128), 73856, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 24, 32, 128), 147584, "same", "relu", "HeNormal"],
    ["MaxPooling2D", (None, 12, 16, 128), 0, (2, 2)],
    ["Conv2D", (None, 12, 16, 256), 295168, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 12, 16, 256), 590080, "same", "relu", "HeNormal"],
    ["Dropout", (None, 12, 16, 256), 0, 0.3],
    ["MaxPooling2D", (None, 6, 8, 256), 0, (2, 2)],
    ["Conv2D", (None, 6, 8, 512), 1180160, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 6, 8, 512), 2359808, "same", "relu", "HeNormal"],
    ["Dropout", (None, 6, 8, 512), 0, 0.3],
    ["Conv2DTranspose", (None, 12, 16, 256), 1179904],
    ["Concatenate", (None, 12, 16, 512), 0],
    ["Conv2D", (None, 12, 16, 256), 1179904, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 12, 16, 256), 590080, "same", "relu", "HeNormal"],
    ["Conv2DTranspose", (None, 24, 32, 128), 295040],
    ["Concatenate", (None, 24, 32, 256), 0],
    ["Conv2D", (None, 24, 32, 128), 295040, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 24, 32, 128), 147584, "same", "relu", "HeNormal"],
    ["Conv2DTranspose", (None, 48, 64, 64), 73792],
    ["Concatenate", (None, 48, 64, 128), 0],
    ["Conv2D", (None, 48, 64, 64), 73792, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 48, 64, 64), 36928, "same", "relu", "HeNormal"],
    ["Conv2DTranspose", (None, 96, 128, 32), 18464],
    ["Concatenate", (None, 96, 128, 64), 0],
    ["Conv2D", (None, 96, 128, 32), 18464, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 96, 128, 32), 9248, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 96, 128, 32), 9248, "same", "relu", "HeNormal"],
    ["Conv2D", (None, 96, 128, 23), 759, "same", "linear", "GlorotUniform"],
]

# Properties of the layers, under the names that `test_utils` uses in its messages.
initialiser = {"initialiser": "He normal", "bias initialiser": "Zeros"}
any_layer = {"stride": (1, 1), "dilation": (1, 1), "groups": 1, "bias flag": True, "trainable flag": True,
             "precision": "float32", "additional setting": "", "output padding": None, "activation": "linear"}
convolution = {"kernel size": (3, 3), "padding": "same"} | any_layer | {"activation": "relu"}
usual_start = {"initialiser": "Glorot uniform", "bias initialiser": "Zeros"}
transposed = {"kernel size": (3, 3), "padding": "same"} | any_layer | {"stride": (2, 2)} | usual_start
classifier = {"kernel size": (1, 1)} | any_layer | usual_start
pooling = {"window": (2, 2), "stride": (2, 2)}
dropout = {"training flag": False, "noise shape": None}
concatenation = {"axis": 3}
unet_filters = [1, 2, 4, 8, 16]
unet_dropout = [0, 0, 0, 0.3, 0.3]
unet_tail = [convolution | initialiser, classifier]

# The calls that a check makes, one row each. Of several values one is drawn anew for each check (`grading.questions`).
# Together the rows hold values on each side of every default, and several arguments vary in one call. `position`: how
# many of the arguments that vary are given by position and not by name. `computes`: the model is run, too. `calls`: how
# many equal calls are made.
wide, high, square = [(8, 12), (6, 10), (4, 10)], [(12, 8), (10, 6), (10, 4)], [(6, 6), (8, 8), (10, 10)]
calls = {
    "conv_block": [
        {"size": (16, 24), "channels": 3},
        {"size": wide, "channels": 1, "n_filters": range(4, 9), "dropout_prob": [0.004, 0.03], "max_pooling": True,
         "position": 3},
        {"size": high, "channels": range(6, 10), "n_filters": range(2, 5), "dropout_prob": [0.75, 0.8, 0.9],
         "max_pooling": False, "computes": True},
        {"size": square, "channels": 4, "n_filters": 4, "dropout_prob": 0.0, "max_pooling": False, "position": 2},
        {"size": wide, "channels": range(2, 6), "n_filters": range(33, 60), "position": 1, "computes": True,
         "calls": 2},
        {"size": square, "channels": range(40, 60), "n_filters": 1, "dropout_prob": [0.3, 0.4, 0.5]},
        {"size": high, "channels": range(2, 9), "n_filters": range(513, 530), "dropout_prob": [0.15, 0.2, 0.25]},
    ],
    "upsampling_block": [
        {"size": (4, 6), "channels": (32, 32)},
        {"size": [(2, 4), (3, 5)], "channels": [(8, 3), (9, 5)], "n_filters": range(4, 8), "position": 1,
         "computes": True, "calls": 2},
        {"size": [(5, 3), (4, 2)], "channels": [(4, 6), (5, 7)], "n_filters": range(2, 4)},
        {"size": [(3, 3), (4, 4)], "channels": [(1, 1), (2, 1)], "n_filters": range(33, 60), "computes": True},
        {"size": [(3, 3), (2, 2)], "channels": [(40, 4), (6, 40)], "n_filters": 1, "position": 1},
        {"size": [(2, 3), (3, 2)], "channels": [(5, 6), (4, 3)], "n_filters": range(513, 530)},
    ],
    "unet_model": [
        {"size": (32, 64), "channels": 1, "n_filters": range(3, 5), "n_classes": 2, "position": 3, "computes": True,
         "calls": 2},
        {},
        {"size": (48, 32), "channels": 3, "n_filters": range(3, 6), "n_classes": 29, "position": 1},
        {"size": (32, 32), "channels": 4, "n_filters": 33, "n_classes": range(38, 42)},
        {"size": (64, 32), "channels": 4, "n_filters": 1, "n_classes": 13, "position": 2},
        {"size": (32, 48), "channels": range(1, 4), "n_filters": 2, "n_classes": 1},
    ],
    "pixel_crossentropy": [
        {"check": "values", "shape": (3,), "classes": 3, "types": ("int64", "float32")},
        {"check": "values", "shape": [(2, 3), (3, 2), (3, 4)], "classes": range(5, 8), "types": ("int64", "float32"),
         "absent": 1},
        {"check": "values", "shape": (2, 3, 2), "classes": range(4, 7), "types": ("int32", "float64")},
        {"check": "values", "shape": [(2, 1), (3, 1)], "classes": 2, "types": ("int64", "float32")},
        {"check": "values", "shape": [(2, 1, 2, 3), (1, 2, 3, 2)], "classes": range(3, 8),
         "types": ("int64", "float32")},
        {"check": "values", "shape": [(2, 1, 2, 1, 2), (1, 2, 1, 2, 3)], "classes": 3, "types": ("int64", "float64")},
        {"check": "values", "shape": [(2,), (4,)], "classes": 1, "types": ("int64", "float32")},
        {"check": "values", "shape": (4, 5), "classes": range(24, 42), "types": ("int64", "float32"), "absent": 2},
        {"check": "values", "shape": (3,), "classes": 3, "types": ("int64", "float32")},  # as the first
        {"check": "values", "shape": (2, 3), "classes": range(2, 8), "types": ("int64", "float32"), "equal": True},
        {"check": "values", "shape": (3, 20, 24), "classes": range(46, 60), "types": ("int64", "float32")},
    ] + [
        {"check": "extreme logits", "shape": shape, "classes": classes, "types": ("int64", kind), "largest": largest,
         "offset": offset, "tolerance": 0.01}
        for shape, classes, kind, largest, offset in (
            ([(5,), (7,)], 3, "float32", 20000, 15000), ([(4, 3), (3, 4)], range(3, 6), "float32", 20000, 15000),
            ((2, 3, 3), range(2, 5), "float32", 2000, 15000), ((2, 2, 2, 2), 3, "float64", 20000, 15000),
            ((2, 2, 1, 2, 2), 3, "float32", 200, 500), ((4, 3), 2, "float32", 200, 100),
            ((6, 2), 30, "float32", 20000, 0))
    ] + [
        {"check": "arguments", "shape": [(6, 5), (5, 6)], "classes": classes, "types": (integers, floats),
         "position": position}
        for integers, floats, classes, position in (
            ("uint8", "float32", range(200, 256), 2), ("int8", "float32", range(100, 128), 2),
            ("uint8", "float64", range(129, 200), 0), ("int16", "float32", range(257, 300), 2),
            ("uint16", "float64", 256, 2), ("int32", "float32", 3, 0), ("uint32", "float32", 4, 2),
            ("int64", "float64", 3, 2), ("uint64", "float32", range(2, 9), 2))
    ],
    "iou_per_class": [
        {"check": "intersection and union", "classes": classes, "kind": "int64", "largest": largest}
        for classes, largest in (
            (3, 9), (1, range(3, 9)), (2, 20), (range(4, 8), 100), (range(30, 41), 1000), (range(8, 23), 10**6))
    ] + [
        {"check": "absent classes", "classes": classes, "kind": kind, "largest": largest, "absent": absent}
        for classes, kind, largest, absent in (
            (4, "int64", 9, 1), (2, "int64", 9, 2), (3, "int64", 9, 2), (range(6, 13), "int64", 50, 2),
            (range(32, 41), "int64", 50, 3), (3, "float32", 9, 1), (range(3, 9), "float64", 9, 1))
    ] + [{"check": "arguments", "classes": 3, "kind": "float32", "largest": 9, "position": 0}] + [
        {"check": "arguments", "classes": classes, "kind": kind, "largest": largest}
        for classes, kind, largest in (
            (3, "uint8", 250), (3, "int8", 127), (3, "int16", 32000), (3, "uint16", 65000), (3, "int32", 2 * 10**9),
            (3, "uint32", 4 * 10**9), (range(2, 41), "int64", 10**12), (5, "uint64", 10**12))
    ] + [{"check": "arguments", "classes": 4, "kind": "float64", "largest": 9, "unit": 2**-7},
         {"check": "arguments", "classes": range(5, 12), "kind": "float64", "largest": 9, "unit": 1e-7 / 3,
          "absent": 1},
         {"check": "arguments", "classes": 3, "kind": "float16", "largest": 1000, "unit": 32}],
}

# The question asked where a line raised an exception.
ask_about_errors = "what does that line receive, and what does it expect?"

# The sub-checks of each exercise: points, the question that is asked if it has not passed, hints that give nothing
# away; and the exercise's last hint, which says nearly everything.
exercises = {}
exercises["conv_block"] = {
    "check": "check_conv_block",
    "last hint": (
        "Make a convolution layer of n_filters filters, kernel size 3, activation ReLU, padding same and the He normal "
        "initialiser, and call it on inputs. Make a second one with the same settings and call it on what came out. "
        "Only if dropout_prob is above 0, call a dropout layer of that rate on the result. Give this tensor a name: it "
        "is the skip connection. If max_pooling is true, next_layer is a max pooling of it with the window 2, else it "
        "is the same tensor. Return the two, next_layer first."),
    "defaults": {"n_filters": 32, "dropout_prob": 0, "max_pooling": True},
    "checks": {
        "inputs and outputs": {
            "points": 1,
            "ask": "which two tensors does the rest of the network need from this block, and in which order?",
            "hints": ["The block hands back two things. The specification names them and says in which order they "
                      "come.",
                      "Follow the tensor from the argument to the end, line by line. Does each line read what the line "
                      "before made? Is the last tensor the one that is handed back?"]},
        "convolutions": {
            "points": 2,
            "ask": "what does each convolution read, and which of its settings decides the size of its output?",
            "hints": ["Draw the block as a chain of boxes: every box has one arrow in and one arrow out.",
                      "Go through the specification property by property, for the first convolution and then for the "
                      "second: number of filters, kernel, padding, activation. Do they follow the arguments of the "
                      "function?"]},
        "initialiser": {
            "points": 1,
            "ask": "how wide should random weights be so that a ReLU network neither fades nor explodes with depth?",
            "hints": ["Keras has a default initialiser. The specification asks for another one.",
                      "The summary shows the initialiser at the end of each convolution's row. Compare the two rows."]},
        "dropout": {
            "points": 2,
            "ask": "when should values be dropped, how many of them, and at which point of the block?",
            "hints": ["Try three calls of your own, with probabilities 0, 0.1 and 0.5, and look at the summary of "
                      "each.",
                      "A layer that is made but whose result nobody reads is not part of the network. Where should the "
                      "result go?"]},
        "pooling": {
            "points": 1,
            "ask": "who decides whether this block halves height and width, and by how much does pooling shrink them?",
            "hints": ["Call the function twice, with and without pooling, and compare the shapes of the first output.",
                      "Pooling is the last thing the block does, and only if it is asked for."]},
        "skip connection": {
            "points": 2,
            "ask": "which detail will the decoder need that pooling has discarded?",
            "hints": ["Compare height and width of the two outputs. Which one should still have the size of the input?",
                      "Pooling overwrites nothing by itself: it is the name of your variable that moves on. What did "
                      "the tensor look like just before that line, with everything else done?"]},
        "numbers": {
            "points": 1,
            "ask": "does anything happen to the values that the specification does not mention?",
            "hints": ["The layers are in place. Look for arithmetic between them: a scaling, a sum, a cut.",
                      "Rebuild the block from the specification alone and compare the two summaries."]},
    }}
exercises["upsampling_block"] = {
    "check": "check_upsampling_block",
    "last hint": (
        "Make a transposed convolution of n_filters filters, kernel size 3, strides 2 and padding same, without "
        "activation, and call it on expansive_input. Concatenate what came out and contractive_input, in this order, "
        "along the last axis. Then two convolutions, one after the other, each of n_filters filters with kernel size "
        "3, ReLU, padding same and the He normal initialiser. Return what the second one made."),
    "defaults": {"n_filters": 32},
    "checks": {
        "inputs and outputs": {
            "points": 1,
            "ask": "which single tensor does the next decoder block need from this one?",
            "hints": ["The block reads two tensors and hands back one.",
                      "Print the shapes of the two arguments and of every tensor you make. Where do height and width "
                      "first differ from what you expected?"]},
        "transposed convolution": {
            "points": 2,
            "ask": "which of the two tensors is too small, and what makes it as large as the other one?",
            "hints": ["One argument comes from below and is small and deep, the other from the encoder and is large "
                      "and detailed.",
                      "Height and width must exactly double. Which two settings of the layer decide that?"]},
        "concatenation": {
            "points": 2,
            "ask": "how do two tensors of equal height and width become one without mixing their values?",
            "hints": ["After this step height and width are as before, and the numbers of channels have added up.",
                      "Which two tensors should meet here? Check that each of them is used once."]},
        "merge order": {
            "points": 1,
            "ask": "which channels does the specification put first?",
            "hints": ["The layers are right. Only the order of what is merged is not.",
                      "Trained weights belong to positions: channel 0 of the result must come from the same tensor in "
                      "every copy of the network. Read the specification again for which one."]},
        "convolutions": {
            "points": 2,
            "ask": "what does each convolution read, and which of its settings decides the size of its output?",
            "hints": ["Draw the block as a chain of boxes from the merge to the end: every box has one arrow in and "
                      "one arrow out.",
                      "Go through the specification property by property, for the first convolution and then for the "
                      "second."]},
        "initialiser": {
            "points": 1,
            "ask": "how wide should random weights be so that a ReLU network neither fades nor explodes with depth?",
            "hints": ["Keras has a default initialiser. The specification asks for another one in the convolutions.",
                      "The summary shows the initialiser at the end of each convolution's row. Compare the two rows."]},
        "numbers": exercises["conv_block"]["checks"]["numbers"],
    }}
exercises["unet_model"] = {
    "check": "check_unet_model",
    "last hint": (
        "Begin with an Input of the shape input_size. Call conv_block five times with 1, 2, 4, 8 and 16 times "
        "n_filters, each on the first output of the one before; keep the second outputs of the first four. The fourth "
        "and the fifth get the dropout 0.3, the fifth no pooling. Call upsampling_block four times with 8, 4, 2 and 1 "
        "times n_filters: the first on the bottom's output and the fourth skip, each next one on the result and the "
        "skip above. Then a 3×3 convolution like those of the blocks, with n_filters filters, and a 1×1 convolution to "
        "n_classes channels without activation. Return the model between the Input and that."),
    "needs": ["conv_block", "upsampling_block"],
    "defaults": {"input_size": (96, 128, 3), "n_filters": 32, "n_classes": 23},
    "checks": {
        "inputs and outputs": {
            "points": 1,
            "ask": "between which two tensors does the model lie, and what turns them into a model?",
            "hints": ["A model is made from its first and its last tensor; Keras finds everything in between.",
                      "Write the height and width of each block's output beside the line that makes it. The first line "
                      "where they surprise you is the place to look at."]},
        "arguments": {
            "points": 1,
            "ask": "which numbers in your function would have to change for another picture size or another class "
                   "list?",
            "hints": ["Build a tiny network with other arguments than the defaults and look at its summary.",
                      "Search the function for literal numbers. Which of them belong to an argument?"]},
        "encoder": {
            "points": 2,
            "ask": "what happens to height, width and number of filters from one block of the path down to the next?",
            "hints": ["Make a table with one line a block: what it reads, its filters, the size of what it hands on.",
                      "The deepest block is special: what comes after it is not smaller any more."]},
        "dropout": {
            "points": 1,
            "ask": "in which blocks are the features so deep that the specification asks for dropout, and how much?",
            "hints": ["The specification's table has a column for dropout. Most of its cells are empty.",
                      "The summary lists every Dropout layer with its rate. Count them and find out between which "
                      "layers they are."]},
        "decoder": {
            "points": 1,
            "ask": "what happens to height, width and number of filters from one block of the path up to the next?",
            "hints": ["Each block of the path up undoes the shrinking of one block of the path down.",
                      "Write the filters of the path down in one line and those of the path up below it, in the order "
                      "of use."]},
        "skip connections": {
            "points": 2,
            "ask": "which encoder tensor has the same height and width, and has not lost its detail?",
            "hints": ["Draw the U. A skip is a horizontal line: it joins two blocks at the same height of the letter.",
                      "Every encoder block hands back two tensors. One goes down, the other goes across."]},
        "output layers": {
            "points": 1,
            "ask": "what has to happen between the last decoder block and one score per class for every pixel?",
            "hints": ["Count the layers after the last decoder block and compare with the specification.",
                      "The loss of this lesson takes scores of any size, not probabilities. What does that mean for "
                      "the last layer?"]},
        "numbers": {
            "points": 1,
            "ask": "does anything happen to the values that the specification does not mention?",
            "hints": ["The layers are in place. Look for arithmetic between them: a scaling, a sum, a cut.",
                      "Compare your summary with the rows that the lesson expects."]},
    }}
exercises["pixel_crossentropy"] = {
    "check": "check_pixel_crossentropy",
    "last hint": (
        "Subtract from the logits their maximum along the last axis, with the axis kept, so that shapes fit. The loss "
        "of a pixel is the logarithm of the sum of the exponentials of these shifted logits along the last axis, minus "
        "the shifted logit of the true class. To pick that one, convert the class ids to 64-bit integers, give them a "
        "last axis of length 1, take along the last axis, and drop that axis again."),
    "checks": {
        "one value per pixel": {
            "points": 2,
            "ask": "how many pixels went in, how many numbers came out, and what holds them?",
            "hints": ["The shape of the result is that of the class ids, with one loss for each of them.",
                      "Only one axis disappears: the one that counts classes. An average over pixels comes later, "
                      "elsewhere."]},
        "values": {
            "points": 3,
            "ask": "what is the loss of one pixel, by hand, if all its logits are equal?",
            "hints": ["With C equal logits every class has the probability 1 / C. The loss is minus its natural "
                      "logarithm.",
                      "Take one pixel apart: its logits, its probabilities, the probability of the true class, the "
                      "logarithm, the sign."]},
        "extreme logits": {
            "points": 3,
            "ask": "what is the largest number that can be put into the exponential function, and what does log(0) "
                   "give?",
            "hints": ["Adding one number to all logits of a pixel does not change its loss. Which number makes them "
                      "harmless?",
                      "Never form a probability that may be 0 and then take its logarithm. Work out by algebra what "
                      "log and division become if you write the logarithm of the quotient as a difference."]},
        "arguments": {
            "points": 2,
            "ask": "does the function depend on the kind of integer it is given, and does it change what it is given?",
            "hints": ["Masks come as uint8, labels as int32 or int64.",
                      "Small integer types cannot hold large numbers, and some operations refuse them. At which line "
                      "do you convert?"]},
    }}
exercises["iou_per_class"] = {
    "check": "check_iou",
    "last hint": (
        "Convert the matrix to 64-bit floats first. The intersections are its diagonal. The union of a class is the "
        "sum of its row plus the sum of its column minus its intersection, which stands in both. Begin with an array "
        "full of nan, one number a class, and divide intersection by union only where the union is above 0."),
    "checks": {
        "one value per class": {
            "points": 1,
            "ask": "how many classes has the matrix, how many numbers came out, and what holds them?",
            "hints": ["The result has one floating-point number for each class; the average is taken elsewhere.",
                      "The number of classes is a property of the matrix."]},
        "intersection and union": {
            "points": 4,
            "ask": "which pixels belong to a class by truth or by prediction, and which of them are counted twice?",
            "hints": ["For one class, mark in the matrix all cells that lie in its row or in its column.",
                      "Work out a matrix of two classes by hand, on paper, with four different numbers."]},
        "absent classes": {
            "points": 3,
            "ask": "can a class that is neither there nor predicted be right or wrong?",
            "hints": ["There are three cases: not there and not predicted, there but never found, predicted but never "
                      "there. Only one of them has no answer.",
                      'Averages should be able to skip a class without an answer. Which float says "no answer"?']},
        "arguments": {
            "points": 2,
            "ask": "can the sums still be held by the type of the counts, and is the matrix unchanged after the call?",
            "hints": ["Counts may come as any integer or float type.",
                      "An integer type that is full starts again at its smallest number. At which line do you "
                      "convert?"]},
    }}

# The recall questions of section 12: what an answer looks like, the section that answers it, and a digest of
# "recall NUMBER: ANSWER", so that an answer can be checked and not be read here.
letter, number = "a letter from a to d", "a number, to two decimals"
recall = {
    1: {"kind": letter, "section": 2, "digest": "412d3c84b1982438"},
    2: {"kind": number, "section": 3, "digest": "c0720e87e81536ee"},
    3: {"kind": number, "section": 4, "digest": "97ba14467fa70274"},
    4: {"kind": letter, "section": 5, "digest": "9386033b0486418d"},
    5: {"kind": number, "section": 6, "digest": "a220bae53645a35e"},
    6: {"kind": letter, "section": 6, "digest": "6d7779a89221ad27"},
    7: {"kind": number, "section": 8, "digest": "8fc647fd3c43fdcf"},
    8: {"kind": letter, "section": 9, "digest": "572fdd827d06780f"},
}
