# A customer who has fallen silent costs nothing: the agent keeps the chat and can take others. When the customer writes
# again the chat takes its whole room at once, and nothing more is offered until there is room again.
channel webchat cost 50 dormant 2m 0
queue orders wrapup 10s
agent ana

signin ana
contact c1 orders
contact c2 orders
accept ana c1
accept ana c2
contact c3 orders
advance 90s
says c1
advance 30s
----
ana signed in
c1 queued orders headstart=0s
c1 offered ana deadline=20s
c2 queued orders headstart=0s
c2 offered ana deadline=20s
c1 accepted ana
c2 accepted ana
c3 queued orders headstart=0s
c1 customer writes
c2 dormant, takes 0 of ana
c3 offered ana deadline=20s

# c2 dozes, c1 wrote in between.
says c1
contact c4 orders
accept ana c3
why c4
----
c1 customer writes
c4 queued orders headstart=0s
c3 accepted ana
c4 waits: 1 agent could take it, at capacity
c4 and ana: capacity 100/100, cost 50; holds 2 of at most 2 webchat;

# Both at once would be more than there is: Ana has 100 and holds 150.
says c2
complete ana c3
----
c2 customer writes
c2 awake, takes 50 of ana
c3 wrapped up by ana for 10s

advance 10s
why c4
----
c3 ended completed
c4 waits: 1 agent could take it, at capacity
c4 and ana: capacity 100/100, cost 50; holds 2 of at most 2 webchat;

complete ana c1
advance 10s
----
c1 wrapped up by ana for 10s
c1 ended completed
c4 offered ana deadline=20s

# Silent again; whoever completes it wraps up a whole conversation.
accept ana c4
advance 2m
complete ana c4
----
c4 accepted ana
c2 dormant, takes 0 of ana
c4 dormant, takes 0 of ana
c4 awake, takes 50 of ana
c4 wrapped up by ana for 10s
