# Room is taken when an offer is made, counted over all channels, and given back when the contact leaves the agent.
queue billing needs billing>=JUNIOR wrapup 30s
agent ana billing=JUNIOR webchat=3 phone=1

signin ana
contact chat1 billing
contact chat2 billing
contact chat3 billing
contact chat4 billing
contact call billing phone
----
ana signed in
chat1 queued billing headstart=0s
chat1 offered ana deadline=20s
chat2 queued billing headstart=0s
chat2 offered ana deadline=20s
chat3 queued billing headstart=0s
chat3 offered ana deadline=20s
chat4 queued billing headstart=0s
call queued billing headstart=0s

why chat4
why call
----
chat4 waits: 1 agent could take it, at the limit of its channel
chat4 and ana: holds 3 of at most 3 webchat;
call waits: 1 agent could take it, at capacity; 1 contact stands before it
call stands behind chat4, which came at the same time with a lower number
call and ana: capacity 75/100, cost 100;

leave chat2
----
chat2 offer revoked ana misses=0 (customer_left)
chat2 ended abandoned
chat4 offered ana deadline=20s

accept ana chat1
complete ana chat1
----
chat1 accepted ana
chat1 wrapped up by ana for 30s

# Wrap-up holds the room until it is over.
advance 30s
----
chat3 offer lapsed ana misses=1
chat4 offer lapsed ana misses=2
ana AWAY (missed)
chat1 ended completed
