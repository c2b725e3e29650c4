# make run      execute the lesson; the executed notebook and its HTML page go to build/
# make test     check the code and run the tests
# make test-lowest  run the tests of what the libraries do for the lesson on their lowest versions that requirements.txt allows
# make lab      open the lesson in JupyterLab
# make cluster  train the lesson with several processes on this machine: make cluster WORKERS=2
# make predict  predict masks of images or a film with the network that comes with the lesson, or with MODEL:
#               make predict IMAGES=… OUT=… [MODEL=…]
# make blank    write the lesson without its solutions, and all that it needs, to build/blank/
# make notebook execute the lesson on the embedded frames and store its outputs in the committed notebook
# make bench    measure training, prediction, pipeline, growth and endurance; with CARLA_DATA also quality on real frames
# make clean    remove what run, test and notebook made; what was written in build/blank stays

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
LESSON := Image_segmentation_Unet
BIN := .venv/bin
DATA := $(or $(CARLA_DATA),data)
BLANK := build/blank
LOWEST := build/lowest
# Frames are read, drives split, networks built, summed up, checked, trained, saved, loaded, exported; the lesson runs once.
LOWEST_TESTS := $(addprefix tests/test_,odd_frames.py drives.py split.py summary.py formats.py predict.py \
	checks.py::test_right_answer_gets_all_points training.py::test_goes_on_after_kills \
	lesson.py::test_runs_from_top_to_bottom_on_classes_of_one_s_own)

.PHONY: run test test-lowest lab cluster predict blank notebook bench clean

run: .venv/lesson
	@$(BIN)/python -m lesson.check "$(DATA)"
	@mkdir -p build && ln -sfn ../images build/images
	@$(BIN)/papermill $(LESSON).ipynb build/$(LESSON).ipynb --kernel python3 --log-output --no-progress-bar 2>&1 \
		| grep --line-buffered -vE '^(Executing|Ending) Cell|^<(Figure|IPython|pandas)|^\[IPKernelApp|^$$'
	@$(BIN)/jupyter nbconvert --to html --template-file=images/page.html.j2 --embed-images --log-level ERROR \
		build/$(LESSON).ipynb
	@echo "Open the page: build/$(LESSON).html (the executed notebook lies beside it)"

test: .venv/tests
	$(BIN)/ruff check
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-lowest: $(LOWEST)/tests
	$(LOWEST)/bin/python -m pytest $(LOWEST_TESTS)

lab: .venv/lesson
	$(BIN)/jupyter lab $(LESSON).ipynb

cluster: .venv/lesson
	@$(BIN)/python -m lesson.cluster "$(or $(WORKERS),2)" $(LESSON).ipynb

predict: .venv/lesson
	@$(BIN)/python -m lesson.predict "$(IMAGES)" "$(OUT)" $(if $(MODEL),--model "$(MODEL)")

blank: .venv/lesson
	@$(BIN)/python -m lesson.blank "$(BLANK)"

notebook: .venv/tests
	rm -rf build/training   # nothing is to go on from an earlier run
	env -u CARLA_DATA $(MAKE) run
	$(BIN)/python -m lesson.publish build/$(LESSON).ipynb $(LESSON).ipynb
	cp build/drive.gif images/drive.gif

bench: .venv/bench
ifdef CARLA_DATA
	$(BIN)/python -m benchmarks.quality "$(CARLA_DATA)"
else
	@echo "Quality is left out: it needs real frames, so set CARLA_DATA to their folder (python -m lesson.fetch gets them)."
endif
	$(BIN)/python -m benchmarks.throughput "$(DATA)"
	$(BIN)/python -m benchmarks.pipeline "$(DATA)"
	$(BIN)/python -m benchmarks.growth "$(DATA)"
	$(BIN)/python -m benchmarks.endurance

clean:
	rm -rf .venv build/$(LESSON).* build/images build/drive.gif build/unet* build/screenshots build/training build/cache-* \
		build/cluster $(LOWEST)

.venv/lesson: requirements.txt
	python3 -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.txt
	@touch $@

.venv/tests: .venv/lesson tests/requirements.txt
	$(BIN)/pip install --quiet --requirement tests/requirements.txt
	@touch $@

$(LOWEST)/tests: requirements.txt .venv/tests
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST) --only-binary :all: --resolution lowest-direct --requirement requirements.txt
	$(BIN)/uv pip install --quiet --python $(LOWEST) pytest
	@touch $@

.venv/bench: .venv/lesson benchmarks/requirements.txt
	$(BIN)/pip install --quiet --requirement benchmarks/requirements.txt
	@touch $@
