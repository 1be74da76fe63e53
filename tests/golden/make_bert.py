#!/usr/bin/env python3
"""Small text towers of the family BERT under their published names, and what transformers computes with them.

    HF_HUB_OFFLINE=1 python3 make_bert.py

needs numpy, torch, safetensors and transformers (made with torch 2.15, transformers 5.23). Writes, beside itself, below
bert/: two layers of width 16, MLPs of width 40, 50 ids, ten positions,

    small_bert.safetensors        a BertModel
    small_pretraining.safetensors the same as old files have it: below bert., with gamma and beta, a table of position
                                  ids, and heads
    small_chinese.safetensors     the same without its pooler, and a text_projection, as Chinese-CLIP's original has them
    small_distilbert.safetensors  a DistilBertModel
    small_dense.safetensors       the linear.weight that sentence-transformers has in 2_Dense
    small_roberta.safetensors     a RobertaModel as OpenCLIP's text tower, with its projection of two layers
    small_expected.safetensors    ids of every case, CASE/features in double precision, the rows of the last block as
                                  bert/rows (of the first text), and the gradients of the sum of the squared features as
                                  CASE/grad/NAME

Weights are exact in half precision and drawn from a stream with their name. Every token has type 0.
"""
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel, RobertaConfig, RobertaModel

from make_siglip import stream, weight

torch.set_num_threads(1)
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bert")
SIZES = dict(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=40, hidden_dropout_prob=0.0,
             attention_probs_dropout_prob=0.0, attn_implementation="eager")
LENGTHS = (10, 4, 7)


def filled(model, of):
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(weight(of + name, p.shape))
    return model.double().eval()


def rows(of, pad):
    random, ids = stream("tokens/" + of), torch.full((len(LENGTHS), max(LENGTHS)), pad, dtype=torch.int64)
    for row, length in zip(ids, LENGTHS):
        row[:length] = torch.tensor(random.integers(3, 50, length))
    return ids, (ids != pad).long()


def mean(x, mask):
    return (x * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)


def stored(tensors):
    return {k: (t.half() if t.ndim >= 2 else t.float()).contiguous().clone() for k, t in tensors.items()}


def write(name, tensors):
    save_file(tensors, os.path.join(FOLDER, "small_" + name + ".safetensors"))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    expected = {}

    def case(name, features, weights):
        expected[name + "/features"] = features.detach().float()
        for key, p in weights.items():
            p.grad = None
        features.square().sum().backward()
        expected.update({name + "/grad/" + k: (torch.zeros_like(p) if p.grad is None else p.grad).float().clone() for k, p in weights.items()})

    bert = filled(BertModel(BertConfig(**SIZES, max_position_embeddings=10, type_vocab_size=2)), "bert/")
    ids, mask = rows("bert", 0)
    expected["bert/ids"] = ids
    weights = dict(bert.named_parameters())
    out = bert(input_ids=ids, attention_mask=mask)
    expected["bert/rows"] = out.last_hidden_state[0].detach().float()
    case("bert", out.pooler_output, weights)
    write("bert", stored({k: p.detach() for k, p in weights.items()}))
    old = {"bert." + k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): t
           for k, t in stored({k: p.detach() for k, p in weights.items()}).items()}
    old.update({"bert.embeddings.position_ids": torch.arange(10)[None], "cls.predictions.bias": torch.zeros(50),
                "cls.seq_relationship.weight": torch.zeros(2, 16), "cls.predictions.transform.LayerNorm.gamma": torch.ones(16)})
    write("pretraining", old)

    own = {k: p for k, p in weights.items() if not k.startswith("pooler.")}
    projection = weight("chinese/text_projection", (16, 12)).double().requires_grad_()
    case("chinese", bert(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0] @ projection, dict(own, text_projection=projection))
    write("chinese", stored({**{"bert." + k: p.detach() for k, p in own.items()}, "text_projection": projection.detach()}))

    distil = filled(DistilBertModel(DistilBertConfig(vocab_size=50, dim=16, n_layers=2, n_heads=2, hidden_dim=40, max_position_embeddings=10,
                                                     dropout=0.0, attention_dropout=0.0, attn_implementation="eager")), "distilbert/")
    ids, mask = rows("distilbert", 0)
    expected["distilbert/ids"] = ids
    weights = dict(distil.named_parameters())
    dense = weight("distilbert/linear.weight", (12, 16)).double().requires_grad_()
    case("distilbert", mean(distil(input_ids=ids, attention_mask=mask).last_hidden_state, mask) @ dense.T, weights)
    expected["distilbert/grad/text_projection.weight"] = dense.grad.float()
    write("distilbert", stored({k: p.detach() for k, p in weights.items()}))
    write("dense", stored({"linear.weight": dense.detach()}))

    roberta = filled(RobertaModel(RobertaConfig(**SIZES, max_position_embeddings=12, type_vocab_size=1, pad_token_id=1,
                                          layer_norm_eps=1e-5), add_pooling_layer=False),
                     "roberta/")
    ids, mask = rows("roberta", 1)
    expected["roberta/ids"] = ids
    weights = {"text.transformer." + k: p for k, p in roberta.named_parameters()}
    for name, shape in (("text.proj.0.weight", (14, 16)), ("text.proj.2.weight", (12, 14))):
        weights[name] = weight("roberta/" + name, shape).double().requires_grad_()
    hidden = torch.nn.functional.gelu(mean(roberta(input_ids=ids, attention_mask=mask).last_hidden_state, mask) @ weights["text.proj.0.weight"].T)
    case("roberta", hidden @ weights["text.proj.2.weight"].T, weights)
    write("roberta", stored({k: p.detach() for k, p in weights.items()}))
    write("expected", expected)


if __name__ == "__main__":
    main()
