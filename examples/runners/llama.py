# SPDX-License-Identifier: Apache-2.0
"""Greedy text from a causal language model: exactly new_tokens a prompt, in real batches."""
import sys

from common import Run, have, torch_device

SHORT = ["The energy of a computation is", "Once upon a time", "The capital of France is",
         "To save power, one should", "A river flows", "Water boils at", "In the year 1905",
         "The quick brown fox"]
LONG = [" ".join([line] * 1200) for line in SHORT]      # more than any context: cut to it
PROMPTS = {"short": SHORT, "long": LONG, "mixed": SHORT[:4] + LONG[:4]}

run = Run("llama", "token", model="huggyllama/llama-7b", precision="fp16", batch=1, context=512,
          prompts="short", new_tokens=128)
args = run.args
prompts = PROMPTS[args.prompts]


def quantised(precision):
    """int8 and int4 are a loader's business: bitsandbytes."""
    missing = have("bitsandbytes", "accelerate")
    if missing:
        sys.exit(f"llama: {precision} needs the Python module {missing}")
    from transformers import BitsAndBytesConfig
    return {"quantization_config": BitsAndBytesConfig(load_in_8bit=precision == "int8",
                                                      load_in_4bit=precision == "int4"),
            "device_map": "auto"}


def load():
    """(network, cut): cut turns a list of texts into a batch of equally many tokens."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    quant = args.precision in ("int8", "int4")
    torch, device, kind = torch_device(run, "fp32" if quant else args.precision)
    if args.tiny:
        from transformers import LlamaConfig
        config = LlamaConfig(vocab_size=256, hidden_size=64, intermediate_size=128,
                             num_hidden_layers=2, num_attention_heads=4)
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(config).to(device, kind).eval()
        return model, lambda texts: torch.tensor(
            [list(t.encode()[:16].ljust(16)) for t in texts]).to(device), None
    tokenizer = AutoTokenizer.from_pretrained(args.model, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    more = quantised(args.precision) if quant else {"torch_dtype": kind}
    model = AutoModelForCausalLM.from_pretrained(args.model, **more).eval()
    model = model if quant else model.to(device, kind)
    most = min(args.context, model.config.max_position_embeddings - args.new_tokens)
    return model, lambda texts: tokenizer(texts, return_tensors="pt", padding=True,
                                          truncation=True, max_length=most).to(device), tokenizer


def generate(model, batch, new):
    """Greedy, the end token ignored: the same work at every setting. Criteria are asked
    after each token: the first one ends the prefill."""
    inputs = {"input_ids": batch} if not hasattr(batch, "input_ids") else dict(batch)
    with run.phases("prefill", "decode") as over:
        made = model.generate(**inputs, do_sample=False, min_new_tokens=new,
                              max_new_tokens=new, pad_token_id=0, stopping_criteria=[over])
    return made[:, inputs["input_ids"].shape[1]:]


if args.tiny and have("torch", "transformers"):
    import tiny
    tiny.text(run, prompts)
else:
    run.need("torch", "transformers")
    with run.region("load"):
        model, cut, tokenizer = load()
    batches = [cut(prompts[i:i + args.batch]) for i in range(0, len(prompts), args.batch)]
    new = 8 if args.tiny else args.new_tokens
    with run.region("warmup"):
        generate(model, batches[0], new)
    with run.region("work"):
        made = [generate(model, batch, new) for batch in batches]
    rows = [row.tolist() for block in made for row in block]
    texts = tokenizer.batch_decode(rows) if tokenizer else [" ".join(map(str, r)) for r in rows]
    run.finish(new * len(prompts), [{"prompt": p, "output": t, "model": args.model}
                                    for p, t in zip(prompts, texts)])
