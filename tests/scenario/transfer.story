# Passing on: to an agent, who is asked alone first; to a queue, at the old rank.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT

signin ana
contact c1 billing
accept ana c1
refused transfer ana c1 agent bo
----
ana signed in
c1 queued billing headstart=0s
c1 offered ana deadline=15s
c1 accepted ana
refused: agents/bo is not signed in

signin bo
transfer ana c1 agent bo
----
bo signed in
c1 passed on by ana to bo
c1 offered bo deadline=15s (reserved)

accept bo c1
transfer bo c1 queue billing
----
c1 accepted bo
c1 passed on by bo to queue billing
c1 offered ana deadline=15s

accept ana c1
complete ana c1
----
c1 accepted ana
c1 ended completed

# Or to whoever has the skill, in the same queue, whatever the queue itself asks for; not back to who passed it on.
contact c2 billing
accept ana c2
transfer ana c2 skill orders>=SENIOR
----
c2 queued billing headstart=0s
c2 offered ana deadline=15s
c2 accepted ana
c2 passed on by ana to queue billing
c2 offered bo deadline=15s

accept bo c2
transfer bo c2 skill orders>=JUNIOR
----
c2 accepted bo
c2 passed on by bo to queue billing
c2 offered ana deadline=15s

accept ana c2
refused transfer ana c2 skill nothing
----
c2 accepted ana
refused: a transfer goes to exactly one agent or queue, or to whoever has the skills asked for
