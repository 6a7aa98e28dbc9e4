# Ana chats and phones. Chats keep coming and would leave her no room for the caller, so after a minute she takes nothing
# that came after the call, and when her chats are over the call is hers.
queue billing needs billing>=JUNIOR
agent ana billing=SENIOR

signin ana
contact chat1 billing
accept ana chat1
contact call billing phone
contact chat2 billing
accept ana chat2
----
ana signed in
chat1 queued billing headstart=0s
chat1 offered ana deadline=20s
chat1 accepted ana
call queued billing headstart=0s
chat2 queued billing headstart=0s
chat2 offered ana deadline=20s
chat2 accepted ana

advance 60s
contact chat3 billing
why chat3
why call
----
ana keeps room for call
chat3 queued billing headstart=0s
chat3 waits: 1 agent could take it, keeping room for one who stands before; 1 contact stands before it
chat3 stands behind call, which came 1 min earlier
chat3 and ana: keeps its room for contacts/2, which has waited since 22:13:20 for more of the capacity;
call waits: agents/ana keeps room for it; 1 agent could take it, at capacity
call and ana: capacity 50/100, cost 100;

complete ana chat1
----
chat1 ended completed

complete ana chat2
----
chat2 ended completed
call offered ana deadline=20s
ana keeps no more room for call (served)

accept ana call
complete ana call
----
call accepted ana
call ended completed
chat3 offered ana deadline=20s
