# Whoever wants a break while still serving somebody gets no more offers, finishes what is held, and only then is away.
queue orders needs orders>=JUNIOR wrapup 20s timeout 15s
agent ana orders=EXPERT

signin ana
contact c1 orders
accept ana c1
contact c2 orders
----
ana signed in
c1 queued orders headstart=0s
c1 offered ana deadline=15s
c1 accepted ana
c2 queued orders headstart=0s
c2 offered ana deadline=15s

# Ana wants to go to lunch: what is offered goes back to its place at no cost to anybody, what she serves stays.
away ana
contact c3 orders
why c3
----
c2 offer revoked ana misses=0 (agent_away)
ana will be AWAY (break)
c3 queued orders headstart=0s
c3 waits: 1 agent could take it, away; 1 contact stands before it
c3 stands behind c2, which came at the same time with a lower number
c3 and ana: goes AWAY once it holds nothing (break);

complete ana c1
advance 19s
----
c1 wrapped up by ana for 20s

# The last work done, the break begins.
advance 1s
----
c1 ended completed
ana AWAY (break)

# Back from lunch.
back ana
accept ana c2
----
ana AVAILABLE
c2 offered ana deadline=15s
c3 offered ana deadline=15s
c2 accepted ana

# She changes her mind before it came to anything: offers come again.
away ana
back ana
----
c3 offer revoked ana misses=0 (agent_away)
ana will be AWAY (break)
ana stays AVAILABLE
c3 offered ana deadline=15s

# A supervisor's sign-out does not wait, and what was wished for before is forgotten: who is off duty stays so.
away ana
signout ana
advance 1m
why c2
----
c3 offer revoked ana misses=0 (agent_away)
ana will be AWAY (break)
c2 back in line from ana (agent_signed_out)
ana signed out (agent)
c2 waits: 1 agent could take it, offline
c2 and ana: is OFFLINE (agent);

# Set away for missed offers while she serves somebody, she is back the moment she says so: only going away waits.
signin ana
accept ana c2
advance 40s
back ana
----
ana signed in
c2 offered ana deadline=15s
c3 offered ana deadline=15s
c2 accepted ana
c3 offer lapsed ana misses=1
c3 offered ana deadline=15s (asked again)
c3 offer lapsed ana misses=2
ana AWAY (missed)
ana AVAILABLE
c3 offered ana deadline=15s (asked again)
