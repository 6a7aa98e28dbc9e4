#!/usr/bin/env python3
"""Makes up a day of contact-centre traffic in the format routerd.trace.v1, on standard output.

    bench/traces/generate.py --preset day --seed 1 > day.jsonl

Needs Python 3 and nothing else. The same arguments give the same bytes. What is modelled:

  arrivals   a daily curve with a peak in the morning and one in the afternoon, times bursts: now and then one subject
             comes several times as often for a few minutes (an outage, a campaign)
  contacts   five channels, each with its own handle time, wrap-up and patience (log-normal, as measured in many
             centres); subjects with a tier and sometimes a second skill; customers who come back; VIP levels
  agents     some subjects each, the first of them best; phone, chat, or both; shifts with breaks; slow and quick to
             accept, and a few whose first offers go unanswered
"""
import argparse
import json
import math
import random
import sys

# Mean handle time in s, its spread (sigma of the logarithm), wrap-up in s, median patience in s.
CHANNELS = {
    "phone": (290, 0.75, 25, 210),
    "video": (490, 0.65, 35, 150),
    "webchat": (680, 0.70, 18, 400),
    "wechat": (820, 0.70, 14, 1250),
    "weibo": (660, 0.70, 10, 2200),
}
# How much longer than the channel's mean a subject takes, its share, and a skill that it sometimes asks for too.
SUBJECTS = {
    "general": (0.80, 0.27, "social"),
    "billing": (0.90, 0.20, None),
    "orders": (0.90, 0.18, "social"),
    "technical": (1.35, 0.17, "network"),
    "complaints": (1.40, 0.10, "social"),
    "account": (1.05, 0.08, "idcheck"),
}
LANGUAGES = {"english": 0.05, "cantonese": 0.07}
VIPS = {"silver": 0.06, "gold": 0.03, "diamond": 0.01}
# Agents' work that the contacts bring, over the agents' time, is `load`; `scarce` thins out second skills and high
# tiers; `bursts` come so often an hour; `mix` is each channel's share.
PRESETS = {
    "day": dict(agents=120, hours=10, load=0.80, scarce=1.0, bursts=0.5,
                mix=dict(phone=0.39, webchat=0.27, wechat=0.23, weibo=0.07, video=0.04)),
    "calm": dict(agents=60, hours=10, load=0.62, scarce=1.0, bursts=0.2,
                 mix=dict(phone=0.39, webchat=0.27, wechat=0.23, weibo=0.07, video=0.04)),
    "storm": dict(agents=80, hours=6, load=0.85, scarce=1.0, bursts=2.5,
                  mix=dict(phone=0.45, webchat=0.30, wechat=0.15, weibo=0.07, video=0.03)),
    "scarce": dict(agents=80, hours=8, load=0.80, scarce=0.45, bursts=0.5,
                   mix=dict(phone=0.39, webchat=0.27, wechat=0.23, weibo=0.07, video=0.04)),
    "overload": dict(agents=80, hours=6, load=1.0, scarce=1.0, bursts=0.5,
                     mix=dict(phone=0.39, webchat=0.27, wechat=0.23, weibo=0.07, video=0.04)),
    "calls": dict(agents=60, hours=8, load=0.84, scarce=1.0, bursts=0.5, mix=dict(phone=0.92, video=0.08)),
    "chats": dict(agents=60, hours=8, load=0.84, scarce=1.0, bursts=0.5, mix=dict(webchat=0.5, wechat=0.38, weibo=0.12)),
    "small": dict(agents=16, hours=2, load=0.75, scarce=1.0, bursts=1.0,
                  mix=dict(phone=0.39, webchat=0.27, wechat=0.23, weibo=0.07, video=0.04)),
}
COSTS = {"phone": 100, "video": 100, "webchat": 25, "wechat": 20, "weibo": 20}


def ms(seconds):
    return max(0, round(seconds * 1000))


def lognormal(rng, mean, sigma):
    return rng.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)


def pick(rng, shares):
    return rng.choices(list(shares), weights=list(shares.values()))[0]


def curve(x):
    """How busy the centre is at the part `x` of its day, 1 on average: peaks at a quarter and at two thirds."""
    return 0.35 + 1.05 * math.exp(-(((x - 0.26) / 0.13) ** 2)) + 0.95 * math.exp(-(((x - 0.67) / 0.14) ** 2))


def make_agents(rng, p):
    agents = []
    day_s = p["hours"] * 3600
    voice_share = sum(p["mix"].get(c, 0) * CHANNELS[c][0] * COSTS[c] for c in ("phone", "video"))
    chat_share = sum(p["mix"].get(c, 0) * CHANNELS[c][0] * COSTS[c] for c in ("webchat", "wechat", "weibo"))
    for n in range(1, p["agents"] + 1):
        skills = {}
        for rank in range(rng.randint(1, 4)):
            subject = rng.choices(list(SUBJECTS), weights=[s[1] for s in SUBJECTS.values()])[0]
            # Best at the first subject; half of it is experience, half is luck.
            tier = rng.choices([1, 2, 3, 4], weights=[10, 8, 5 * p["scarce"], 2 * p["scarce"]])[0]
            skills[subject] = max(skills.get(subject, 0), tier if rank == 0 else min(tier, 2))
        for subject in list(skills):
            extra = SUBJECTS[subject][2]
            if extra and rng.random() < 0.6 * p["scarce"]:
                skills[extra] = rng.choice([1, 1, 2])
        for language in LANGUAGES:
            if rng.random() < 0.25 * p["scarce"]:
                skills[language] = 1
        channels = {}
        both = rng.random() < 0.15
        if both or rng.random() < voice_share / (voice_share + chat_share):
            if "phone" in p["mix"]:
                channels["phone"] = 1
            if "video" in p["mix"] and rng.random() < 0.5:
                channels["video"] = 1
        if both or not channels:
            limit = rng.choice([3, 4, 4])
            channels.update({c: limit for c in ("webchat", "wechat", "weibo") if c in p["mix"]})
        start = rng.choice([0, 0, 0.1, 0.2]) * day_s
        end = min(day_s + 1800, start + rng.uniform(0.75, 0.95) * day_s)
        lunch = start + (end - start) * rng.uniform(0.4, 0.6)
        agent = {"agent": f"a{n:03}", "skills": skills, "channels": channels,
                 "shifts": [[ms(start), ms(lunch)], [ms(lunch + min(2400, 0.1 * day_s)), ms(end)]],
                 "accept_ms": ms(min(12, lognormal(rng, 3, 0.5)))}
        if rng.random() < 0.04:
            agent["misses"] = rng.choice([1, 1, 2])
        agents.append(agent)
    return agents


def servable(agents, channel, require):
    return any(channel in a["channels"] and all(a["skills"].get(s, 0) >= t for s, t in require.items()) for a in agents)


def requirement(rng, p, subject):
    require = {subject: rng.choices([1, 2, 3, 4], weights=[62, 25, 11, 2])[0]}
    extra = SUBJECTS[subject][2]
    if extra and rng.random() < (0.35 if subject == "technical" else 0.06):
        require[extra] = 1
    for language, share in LANGUAGES.items():
        if rng.random() < share:
            require[language] = 1
    return require


def work_s(channel, subject):
    mean, _, wrap, _ = CHANNELS[channel]
    return (mean * SUBJECTS[subject][0] + wrap) * COSTS[channel] / 100


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agents", type=int, help="default: the preset's")
    parser.add_argument("--hours", type=float, help="default: the preset's")
    parser.add_argument("--load", type=float, help="work brought over agents' time; default: the preset's")
    args = parser.parse_args()
    p = dict(PRESETS[args.preset])
    for key in ("agents", "hours", "load"):
        if getattr(args, key) is not None:
            p[key] = getattr(args, key)
    rng = random.Random(f"{args.preset} {args.seed}")
    agents = make_agents(rng, p)
    day_s = p["hours"] * 3600

    # As many contacts as bring the work that makes the load.
    subject_share = {s: v[1] for s, v in SUBJECTS.items()}
    mean_work = sum(cs * ss * work_s(c, s) for c, cs in p["mix"].items() for s, ss in subject_share.items())
    staffed = sum(to - since for a in agents for since, to in a["shifts"]) / 1000
    count = round(p["load"] * staffed / mean_work)

    bursts = []
    for _ in range(round(p["bursts"] * p["hours"])):
        bursts.append((rng.uniform(0, day_s), rng.uniform(240, 900), pick(rng, subject_share), rng.uniform(2, 5)))
    grid = [curve((i + 0.5) / 1000) for i in range(1000)]
    contacts = []
    base = count / (1 + p["bursts"] * 0.03)
    for _ in range(round(base)):
        at = (rng.choices(range(1000), weights=grid)[0] + rng.random()) / 1000 * day_s
        contacts.append((at, pick(rng, subject_share)))
    for begin, length, subject, factor in bursts:
        usual = base / day_s * subject_share[subject] * curve(begin / day_s)
        for _ in range(round(usual * (factor - 1) * length)):
            contacts.append((begin + rng.random() * length, subject))
    contacts.sort()

    regulars = max(1, len(contacts) // 3)
    last_s = day_s
    lines = []
    for n, (at, subject) in enumerate(contacts, 1):
        channel = pick(rng, p["mix"])
        mean, sigma, wrap, patience = CHANNELS[channel]
        require = requirement(rng, p, subject)
        while len(require) > 1 and not servable(agents, channel, require):
            require.popitem()
        while require[subject] > 1 and not servable(agents, channel, require):
            require[subject] -= 1
        level = require[subject]
        contact = {"contact": f"c{n:05}", "at_ms": ms(at), "channel": channel, "queue": subject, "require": require,
                   "vip": pick(rng, {"none": 1 - sum(VIPS.values()), **VIPS}),
                   "patience_ms": ms(min(7200, max(5, rng.lognormvariate(math.log(patience), 0.8)))),
                   "handle_ms": ms(lognormal(rng, mean * SUBJECTS[subject][0] * (0.85 + 0.15 * level), sigma)),
                   "wrap_ms": ms(lognormal(rng, wrap, 0.6)),
                   "customer": f"u{rng.randint(1, regulars):05}"}
        last_s = max(last_s, at + contact["patience_ms"] / 1000 + contact["handle_ms"] / 1000)
        lines.append(contact)
    out = sys.stdout
    header = {"trace": "routerd.trace.v1", "horizon_ms": ms(last_s) + 1, "name": args.preset, "seed": args.seed}
    for line in [header, *agents, *lines]:
        out.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
