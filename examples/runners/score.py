# SPDX-License-Identifier: Apache-2.0
"""ln p of every token of stored answers by one fixed model: what perplexity is made of.

    score.py --records llama-1f0c.jsonl --model gpt2 --outputs scored.jsonl
    erg quality --records scored.jsonl --baseline scored-fp32.jsonl --metric perplexity

Take the same scorer for all settings. A prompt is context and is not scored.
"""
import json
import sys

from common import Run, torch_device

run = Run("score", "token", records="", model="gpt2", precision="fp32")
args = run.args


def read():
    if not args.records:
        sys.exit("score: --records FILE names the answers, as a runner writes them")
    with open(args.records, encoding="utf-8") as file:
        records = [json.loads(line) for line in file if line.strip()]
    for i, record in enumerate(records, 1):
        if not isinstance(record, dict) or not isinstance(record.get("output"), str):
            sys.exit(f"score: {args.records}:{i}: no text under \"output\"")
    return records


def tiny_scorer():
    """(most tokens, cut, logs): cut makes tokens of text, logs ln p of all that could follow."""
    import tiny
    net = tiny.Writer("fp32")

    def logs(tokens):
        x = net.words[tiny.np.array([tokens])]
        return tiny.np.log(tiny.softmax(net.body(x, causal=True)[0] @ net.words.T))
    return 256, lambda text: list(text.encode()), logs


def scorer():
    torch, device, kind = torch_device(run, args.precision)
    from transformers import AutoModelForCausalLM, AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model).to(device, kind).eval()

    def logs(tokens):
        with torch.inference_mode():
            made = model(input_ids=torch.tensor([tokens]).to(device)).logits[0]
        return made.float().log_softmax(-1).cpu().numpy()
    return (model.config.max_position_embeddings,
            lambda text: tokenizer(text, add_special_tokens=False)["input_ids"], logs)


def score(record):
    """ln p of the answer's tokens after the prompt; null: the first of all has nothing before."""
    head, tail = cut(record.get("prompt") or ""), cut(record["output"])[:most]
    tokens = (head + tail)[-most:]
    found = logs(tokens) if tail else []
    first = len(tokens) - len(tail)
    return [round(float(found[i - 1][tokens[i]]), 6) if i else None
            for i in range(first, len(tokens))]


if not args.tiny:
    run.need("torch", "transformers")
records = read()
with run.region("load"):
    most, cut, logs = tiny_scorer() if args.tiny else scorer()
with run.region("work"):
    scores = [score(record) for record in records]
name = "tiny" if args.tiny else args.model
with open(run.outputs, "w", encoding="utf-8") as out:
    for record, one in zip(records, scores):
        record.update(logprobs=one, tokenizer=name, scorer=name)
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
print(json.dumps({"units": sum(map(len, scores)), "unit": "token", "outputs": run.outputs}))
