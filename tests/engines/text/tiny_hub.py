"""A folder as the hub has them: a random Llama of two layers that writes ASCII, with or without a chat template."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from app.engines.text.vocabulary import byte_letters

TEMPLATE = (
    "{% for message in messages %}<user>{{ message['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<answer>{% endif %}"
)
SPECIAL = ("<end>", "<user>", "<answer>")


def tiny_hub(folder: Path, *, chats: bool = True, endless: bool = False, context: int = 4096) -> Path:
    """`folder`, saved as transformers saves it. An `endless` model knows no token that ends a text."""
    letters = [letter for letter, code in byte_letters().items() if code == 10 or 32 <= code < 127]
    tokenizer = Tokenizer(models.BPE({letter: id for id, letter in enumerate([*SPECIAL, *sorted(letters)])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in SPECIAL])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=SPECIAL[0], pad_token=SPECIAL[0])
    if endless:
        fast.eos_token = None
    if chats:
        fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=128,  # more than the tokenizer has: many models are padded like this
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        initializer_range=0.3,
        bos_token_id=None,
        eos_token_id=None if endless else 0,
        pad_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder
