"""A workflow of ComfyUI as an engine, over real HTTP and a real socket."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image, PngImagePlugin
from pydantic import SecretStr, ValidationError

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Strength, Verb
from app.engines.image.service.comfyui import job
from app.engines.image.service.comfyui.engine import ComfyUI
from app.errors import EngineError
from app.media.image.comfy_graph import Graph, Input, Role, traced
from app.media.image.framing import framed
from app.settings import PictureSetting
from app.worker.pasting import pasted_back
from tests.engines.image.comfy_service import ComfyServer, node, repainting, starting, workflow
from tests.engines.image.picture_service import picture
from tests.engines.text.service import KEY, Serving
from tests.running import until


def engine(address: str, folder: Path, graph: object = None, **rest: Any) -> ComfyUI:
    file = folder / "portrait.json"
    file.write_text(json.dumps(workflow() if graph is None else graph), "utf-8")
    setting = {"name": "comfy", "kind": "comfyui", "url": address.removesuffix("/v1"), "key": "comfy", "wait": 60}
    found = PictureSetting.model_validate(setting | {"workflow": file} | rest)
    return ComfyUI(found, {"comfy": SecretStr(KEY)}, 4_000_000)


def asked(far: ComfyUI, seeds: tuple[int, ...] = (7,), id: UUID | None = None, **rest: Any) -> Request:
    params = far.Params.model_validate(rest.pop("params", {}))
    verb = rest.pop("verb", Verb.CREATE)
    return Request(verb, Brief(intent="a fox", avoid="text"), params, seeds, id=id or uuid4(), **rest)


def run(far: ComfyUI, request: Request) -> tuple[list[Content], list[Step]]:
    far.load("cpu")
    made = list(far.run(request))
    return [part for part in made if isinstance(part, Content)], [part for part in made if isinstance(part, Step)]


def parent(size: tuple[int, int] = (600, 400)) -> Parent:
    return Parent("base", picture(200, size), "image/png", 1, "comfy", {})


def test_each_variant_is_a_job_of_its_own_and_shows_how_it_comes(tmp_path: Path) -> None:
    double, id = ComfyServer(), uuid4()
    with Serving(double) as address:
        far = engine(address, tmp_path)
        assert (far.title, far.unready()) == ("portrait", None)
        assert set(far.fills) == {"prompt", "avoid", "seed", "steps", "guidance", "width", "height", "batch"}
        assert far.verbs == {Verb.CREATE, Verb.REROLL}
        assert set(far.Params.model_fields) == {"steps", "guidance", "aspect"}
        assert far.Params().model_dump() == {"steps": 20, "guidance": 8.0, "aspect": "2:3"}
        far.load("cpu")
        contents, steps = [], []
        double.free.clear()
        for part in far.run(asked(far, (7, 8), id, params={"steps": 12, "guidance": 6})):
            if isinstance(part, Step):
                steps.append(part)
                if any(part.previews):  # the first takes a while on a busy machine
                    double.free.set()
            else:
                contents.append(part)
    one, other = double.asked
    assert (one["prompt_id"], one["client_id"]) == (str(id), str(id))
    assert other["prompt_id"] == other["client_id"] != str(id)
    assert one["extra_data"] == {"preview_method": "auto"}
    graph = one["prompt"]
    assert (graph["6"]["inputs"]["text"], graph["7"]["inputs"]["text"]) == ("a fox", "text")
    sampler = graph["3"]["inputs"]
    assert (sampler["seed"], sampler["steps"], sampler["cfg"], sampler["denoise"]) == (7, 12, 6.0, 1.0)
    assert graph["5"]["inputs"] == {"width": 512, "height": 768, "batch_size": 1}
    assert other["prompt"]["3"]["inputs"]["seed"] == 8
    assert [content.seed for content in contents] == [7, 8]
    assert [Image.open(io.BytesIO(content.data)).size for content in contents] == [(512, 768)] * 2
    facts = contents[0].facts
    assert (facts["protocol"], facts["workflow"], facts["server"]) == ("comfyui", "portrait", "ComfyUI 0.3.75")
    assert (facts["model"], facts["job"], len(facts["workflow_sha256"])) == ("sd15.safetensors", str(id), 64)
    assert facts["filled"]["3.seed"] == 7
    assert double.free.is_set()
    assert any(1 < step.number < step.total for step in steps)
    assert [step.number for step in steps] == sorted(step.number for step in steps)
    assert {"type": "feature_flags", "data": {"supports_preview_metadata": True}} in double.flags
    assert double.headers[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps(facts)


def test_what_is_not_said_stays_as_the_workflow_has_it(tmp_path: Path) -> None:
    double = ComfyServer()
    with Serving(double) as address:
        far = engine(address, tmp_path)
        run(far, replace(asked(far), brief=Brief(intent="a fox")))
    assert double.asked[0]["prompt"]["7"]["inputs"]["text"] == "watermark"


def test_another_shape_has_as_many_pixels(tmp_path: Path) -> None:
    double = ComfyServer()
    with Serving(double) as address:
        far = engine(address, tmp_path)
        run(far, asked(far, params={"aspect": "1:1"}))
    assert double.asked[0]["prompt"]["5"]["inputs"]["width"] == 640


@pytest.mark.parametrize("how", ["no-socket", "drops", "mute", "old", "lost-answer", "restarts"])
def test_it_ends_well_where_the_socket_or_the_server_does_not_last(how: str, tmp_path: Path) -> None:
    double = ComfyServer(how)
    with Serving(double) as address:
        far = engine(address, tmp_path)
        contents, _steps = run(far, asked(far))
    assert len(contents) == 1
    assert len(double.ran) == (2 if how == "restarts" else 1)


def test_a_run_that_was_all_in_memory_is_asked_for_under_another_file_name(tmp_path: Path) -> None:
    double = ComfyServer("cached")
    with Serving(double) as address:
        far = engine(address, tmp_path)
        run(far, asked(far))
        contents, _steps = run(far, asked(far))
    assert len(contents) == 1
    assert [job["prompt"]["9"]["inputs"]["filename_prefix"] == "ComfyUI" for job in double.asked] == [True, True, False]


def test_a_job_that_was_asked_for_before_is_found_again(tmp_path: Path) -> None:
    double, id = ComfyServer(seconds=2), uuid4()
    with Serving(double) as address:
        far = engine(address, tmp_path)
        request = asked(far, id=id)
        double.enqueue({"prompt_id": str(id), "client_id": "gone", "prompt": workflow(seed=7)})
        first, _steps = run(far, request)  # it is being run
        again, _steps = run(far, request)  # it has ended
    assert first[0].data == again[0].data
    assert double.ran == [str(id)]


def test_one_that_was_ended_before_is_asked_for_anew(tmp_path: Path) -> None:
    double, id = ComfyServer(), uuid4()
    double.history[str(id)] = double.entry([["execution_interrupted", {}]], {}, "error")
    with Serving(double) as address:
        far = engine(address, tmp_path)
        contents, _steps = run(far, asked(far, id=id))
    assert len(contents) == 1
    assert double.ran != [str(id)]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("fails", "The node “KSampler” failed: CUDA out of memory"),
        ("empty", "its node “Save Image” kept no picture"),
        ("view-html", "no picture that can be read"),
        ("view-redirect", "sends to another address"),
        ("redirect", "sends to another address"),
        ("html", "cannot be read"),
        ("401", "does not accept the key: who are you"),
    ],
)
def test_faults_are_said(how: str, says: str, tmp_path: Path) -> None:
    with Serving(ComfyServer(how)) as address:
        far = engine(address, tmp_path)
        with pytest.raises(EngineError, match=says):
            run(far, asked(far))


def test_what_the_server_lacks_is_named(tmp_path: Path) -> None:
    graph = workflow()
    graph["4"]["inputs"]["ckpt_name"] = "flux.safetensors"
    other = workflow() | {"9": node("SaveImageFancy", images=["8", 0])}
    with Serving(ComfyServer()) as address:
        far = engine(address, tmp_path, graph)
        with pytest.raises(EngineError, match=r"no flux\.safetensors, which the node “Load Checkpoint” names as its ckpt_name"):
            run(far, asked(far))
        far = engine(address, tmp_path, other)
        with pytest.raises(EngineError, match="no node SaveImageFancy"):
            run(far, asked(far))


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    far = engine("http://127.0.0.1:9/v1", tmp_path)
    with pytest.raises(EngineError, match="cannot be reached"):
        run(far, asked(far))


@pytest.mark.parametrize("how", ["", "old"])
@pytest.mark.parametrize("waits", [False, True])
def test_a_run_that_is_given_up_is_ended_there_and_nobody_elses(how: str, waits: bool, tmp_path: Path) -> None:
    double = ComfyServer(how, seconds=30)
    with Serving(double) as address:
        if waits:
            double.enqueue({"prompt_id": "theirs", "client_id": "them", "prompt": workflow()})
        far = engine(address, tmp_path)
        running = far.run(asked(far))
        for _step in running:
            if len(double.asked) > waits and double.running:
                break
        running.close()  # type: ignore[attr-defined]
        ours = double.asked[-1]["prompt_id"]
        if waits:
            assert double.running == "theirs"
            assert ours not in double.pending
            double.interrupted.append("theirs")
        else:
            until(lambda: not double.running, 20, "the server to stop")
            assert double.interrupted == [ours]
        assert double.bare == 0


def test_a_run_that_takes_too_long_is_ended_and_said(tmp_path: Path) -> None:
    double = ComfyServer(seconds=30)
    began = time.monotonic()
    with Serving(double) as address:
        far = engine(address, tmp_path, wait=2)
        with pytest.raises(EngineError, match="within 2 seconds"):
            run(far, asked(far))
        until(lambda: not double.running, 20, "the server to stop")
    assert time.monotonic() - began < 40


def test_one_that_starts_from_a_picture_changes_it_as_far_as_is_asked(tmp_path: Path) -> None:
    double = ComfyServer()
    with Serving(double) as address:
        far = engine(address, tmp_path, starting(), side=512)
        assert far.verbs == {Verb.REFINE, Verb.VARY}
        assert far.Params().model_dump() == {"steps": 20, "guidance": 8.0, "change": 0.5}
        run(far, asked(far, verb=Verb.REFINE, parents=(parent(),), params={"change": 0.4}))
        for strength in Strength:
            run(far, asked(far, verb=Verb.VARY, parents=(parent(),), strength=strength))
    refined, subtle, strong = (job["prompt"]["3"]["inputs"]["denoise"] for job in double.asked)
    assert refined == 0.4
    assert subtle < strong
    name = double.asked[0]["prompt"]["10"]["inputs"]["image"]
    assert Image.open(io.BytesIO(double.uploads[name])).size == (640, 448)


@pytest.mark.parametrize("apart", [False, True])
def test_outside_the_mask_the_parent_stays_to_the_byte(apart: bool, tmp_path: Path) -> None:
    double, graph = ComfyServer(), repainting()
    if apart:
        graph["11"] = node("LoadImageMask", image="mask.png", channel="alpha")
        graph["5"]["inputs"]["mask"] = ["11", 0]
    mask = Image.new("L", (600, 400))
    mask.paste(255, (100, 100, 220, 200))
    out = io.BytesIO()
    mask.save(out, "PNG")
    with Serving(double) as address:
        far = engine(address, tmp_path, graph)
        assert far.verbs == {Verb.INPAINT, Verb.OUTPAINT}
        request = asked(far, verb=Verb.INPAINT, parents=(parent(),), mask=out.getvalue())
        contents, _steps = run(far, request)
    (made,) = pasted_back(request, contents)
    before, after = (Image.open(io.BytesIO(data)).convert("RGB") for data in (picture(200, (600, 400)), made.data))
    assert before.size == after.size
    assert after.getpixel((160, 150)) != before.getpixel((160, 150))
    for box in ((0, 0, 600, 100), (0, 200, 600, 400), (0, 0, 100, 400), (220, 0, 600, 400)):
        assert before.crop(box).tobytes() == after.crop(box).tobytes()
    sent = double.asked[0]["prompt"]
    if apart:
        assert sent["11"]["inputs"]["channel"] == "red"
        assert Image.open(io.BytesIO(double.uploads[sent["11"]["inputs"]["image"]])).mode == "L"
    else:
        there = Image.open(io.BytesIO(double.uploads[sent["10"]["inputs"]["image"]]))
        assert there.mode == "RGBA"
        assert there.getchannel("A").getextrema() == (0, 255)


def test_it_goes_on_beyond_the_edges(tmp_path: Path) -> None:
    base, mask = framed(picture(200, (300, 200)), (0, 0, 100, 0))
    double = ComfyServer()
    with Serving(double) as address:
        far = engine(address, tmp_path, repainting())
        framing = Parent("base", base, "image/png", 1, "comfy", {})
        request = asked(far, verb=Verb.OUTPAINT, parents=(framing,), mask=mask, frame=(0, 0, 100, 0))
        contents, _steps = run(far, request)
    (made,) = pasted_back(request, contents)
    before, after = (Image.open(io.BytesIO(data)).convert("RGB") for data in (base, made.data))
    assert after.size == (400, 200)
    assert before.crop((0, 0, 300, 200)).tobytes() == after.crop((0, 0, 300, 200)).tobytes()
    assert before.getpixel((380, 100)) != after.getpixel((380, 100))


def test_of_several_outputs_the_last_is_kept_and_that_is_told(tmp_path: Path) -> None:
    graph = workflow() | {"12": node("PreviewImage", images=["8", 0])}
    with Serving(ComfyServer()) as address:
        far = engine(address, tmp_path, graph)
        contents, _steps = run(far, asked(far))
    assert contents[0].facts["notice"] == "The workflow made 2 pictures; the one of “Save Image” is kept."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"nodes": [], "links": [], "version": 0.4}', "choose Workflow, Export .API."),
        ("[1]", "holds no workflow"),
        ("{", "is not JSON"),
        (json.dumps({"1": node("A", images=["2", 0]), "2": node("B", images=["1", 0])}), "comes from itself"),
        (json.dumps({"1": node("CLIPTextEncode", text="a")}), "keeps no picture"),
        (json.dumps({"9": node("SaveImage", images=["8", 0]), "8": node("Draw", colour="red")}), "Stemma: prompt"),
        (json.dumps(workflow(cfg=float("nan"))), "holds a number that is none"),
    ],
)
def test_a_file_that_is_no_workflow_is_said_before_anything_is_asked(text: str, says: str, tmp_path: Path) -> None:
    far = engine("http://127.0.0.1:9/v1", tmp_path)
    (tmp_path / "portrait.json").write_text(text, "utf-8")
    far = ComfyUI(far.setting, {"comfy": SecretStr(KEY)})
    said = far.unready()
    assert said is not None
    assert Path(said).name  # a sentence
    with pytest.raises(EngineError, match=says):
        far.load("cpu")


def test_titles_and_the_setting_say_what_is_filled_in(tmp_path: Path) -> None:
    graph = workflow()
    graph["20"] = node("MyText", "Stemma: prompt", words="x", other=1)
    graph["21"] = node("MyNumber", "Stemma：seed", value=3)
    far = engine("http://127.0.0.1:9/v1", tmp_path, graph, inputs={"steps": "3.steps", "avoid": ["7.text"]})
    assert far.workflow is not None
    assert far.workflow.places[Role.PROMPT] == (Input("20", "words"),)
    assert far.workflow.places[Role.SEED] == (Input("21", "value"),)
    wrong = engine("http://127.0.0.1:9/v1", tmp_path, graph, inputs={"prompt": "99.text"}).unready()
    assert wrong is not None
    assert "99.text" in wrong


def test_app_mode_in_a_picture_of_comfyui_says_what_is_shown(tmp_path: Path) -> None:
    app = {"inputs": [[6, "text"], [3, "steps"], [3, "sampler_name"]], "outputs": [9]}
    texts = PngImagePlugin.PngInfo()
    texts.add_text("prompt", json.dumps(workflow(seed=2**64 - 1)))
    texts.add_text("workflow", json.dumps({"nodes": [], "links": [], "extra": {"linearData": app}}))
    Image.new("RGB", (8, 8)).save(tmp_path / "made.png", pnginfo=texts)
    far = engine("http://127.0.0.1:9/v1", tmp_path, workflow=tmp_path / "made.png")
    assert far.unready() is None
    assert far.Params().model_dump() == {"steps": 20, "ksampler_sampler_name": "euler"}
    assert far.workflow is not None
    assert set(far.workflow.places) == {Role.PROMPT, Role.STEPS, Role.SEED, Role.BATCH}
    assert far.prompt(Brief(intent="a fox", avoid="text")).dropped == ("text",)


def test_whatever_else_a_title_names_is_a_control(tmp_path: Path) -> None:
    graph = workflow() | {
        "20": node("PrimitiveFloat", "Stemma: Glow", value=2),
        "21": node("PrimitiveBoolean", "Stemma: 阴影", value=True),
    }
    graph["3"]["inputs"] |= {"cfg": ["20", 0]}
    double = ComfyServer()
    with Serving(double) as address:
        far = engine(address, tmp_path, graph, inputs={"sampler": "3.sampler_name"})
        params = {"glow": 0.25, "阴影": False, "sampler": "dpmpp_2m"}
        assert far.Params().model_dump() == {"steps": 20, "aspect": "2:3", "sampler": "euler", "glow": 2.0, "阴影": True}
        assert far.Params.model_fields["glow"].title == "Glow"
        assert far.fills["Glow"] == "Stemma: Glow (20.value)"
        run(far, asked(far, params=params))
    sent = double.asked[0]["prompt"]
    assert (sent["20"]["inputs"]["value"], sent["21"]["inputs"]["value"]) == (0.25, False)
    assert sent["3"]["inputs"]["sampler_name"] == "dpmpp_2m"


def test_the_walk_reads_custom_samplers() -> None:
    graph = Graph(
        {
            "1": node("SamplerCustomAdvanced", noise=["2", 0], guider=["3", 0], sigmas=["4", 0], latent_image=["5", 0]),
            "2": node("RandomNoise", noise_seed=["9", 0]),
            "3": node("CFGGuider", positive=["6", 0], negative=["7", 0], cfg=1.0),
            "4": node("BasicScheduler", steps=8, denoise=1.0),
            "5": node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
            "6": node("FluxGuidance", conditioning=["8", 0], guidance=3.5),
            "7": node("ConditioningZeroOut", conditioning=["8", 0]),
            "8": node("CLIPTextEncodeFlux", clip_l="a", t5xxl="a", guidance=["6", 0]),
            "9": node("PrimitiveInt", value=4),
        }
    )
    places = traced(graph)
    assert places[Role.PROMPT] == (Input("8", "clip_l"), Input("8", "t5xxl"))
    assert Role.AVOID not in places
    assert places[Role.SEED] == (Input("9", "value"),)
    assert (places[Role.STEPS], places[Role.GUIDANCE]) == ((Input("4", "steps"),), (Input("6", "guidance"),))
    assert places[Role.WIDTH] == (Input("5", "width"),)


def test_names_of_jobs_come_from_the_generation_and_are_its_own() -> None:
    id = uuid4()
    assert list(job.names(id, 0)) == list(job.names(id, 0))
    assert next(job.names(id, 0)) == str(id)
    assert len({name for index in range(4) for name in job.names(id, index)}) == 80


def test_a_setting_without_a_workflow_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs its workflow"):
        PictureSetting.model_validate({"name": "c", "kind": "comfyui", "url": "http://127.0.0.1:8188"})
