# A call may come on top of chats, nothing may ring during a video call, and chats and calls share otherwise.
channel webchat cost 25
channel phone cost 100
channel video cost 50
holding webchat ringing phone interrupt
holding video ringing phone block
holding video ringing webchat block
queue orders
agent ana

signin ana
contact w1 orders
accept ana w1
contact p1 orders phone
accept ana p1
----
ana signed in
w1 queued orders headstart=0s
w1 offered ana deadline=20s
w1 accepted ana
p1 queued orders headstart=0s
p1 offered ana deadline=20s
p1 accepted ana

# Not a second call, and no chat beside a call.
contact w2 orders
why w2
----
w2 queued orders headstart=0s
w2 waits: 1 agent could take it, at capacity
w2 and ana: capacity 125/100, cost 25;

leave p1
accept ana w2
leave w1
contact v1 orders video
accept ana v1
contact p2 orders phone
contact w3 orders
why p2
why w3
----
p1 ended completed
w2 offered ana deadline=20s
w2 accepted ana
w1 ended completed
v1 queued orders headstart=0s
v1 offered ana deadline=20s
v1 accepted ana
p2 queued orders headstart=0s
w3 queued orders headstart=0s
p2 waits: 1 agent could take it, at capacity
p2 and ana: holds what keeps phone from ringing, by the interruption rules;
w3 waits: 1 agent could take it, at capacity; 1 contact stands before it
w3 stands behind p2, which came at the same time with a lower number
w3 and ana: holds what keeps webchat from ringing, by the interruption rules;

# Everything held is asked: the chat alone would let the call in.
leave v1
----
v1 ended completed
p2 offered ana deadline=20s
