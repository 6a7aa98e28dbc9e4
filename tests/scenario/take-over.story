# A supervisor steps in: what is being served moves at once, however much the other holds; what waits is directed.
queue orders needs orders>=JUNIOR wrapup 20s
agent ana orders=JUNIOR capacity 25
agent bo orders=EXPERT capacity 25

signin ana
signin bo
contact c1 orders
accept ana c1
contact c2 orders
accept bo c2
consult ana c1 bo
takeover c1 bo
----
ana signed in
bo signed in
c1 queued orders headstart=0s
c1 offered ana deadline=20s
c1 accepted ana
c2 queued orders headstart=0s
c2 offered bo deadline=20s
c2 accepted bo
c1: bo is consulted
c1: bo is no longer consulted (taken_over)
c1 taken over from ana by bo

# Who waits is not taken over, but can be directed to somebody who is full.
contact c3 orders
accept ana c3
contact c4 orders
refused takeover c4 bo
assign c4 bo
----
c3 queued orders headstart=0s
c3 offered ana deadline=20s
c3 accepted ana
c4 queued orders headstart=0s
refused: contacts/4 is queued; only one that is being served can be taken over; assign one that waits
c4 reserved for bo for 60s

assign c4 bo exceed
accept bo c4
----
c4 reserved for bo for 60s
c4 offered bo deadline=20s (reserved)
c4 accepted bo

# Beyond the capacity nothing else is offered until enough is done.
contact c5 orders
complete bo c4
done bo c4
complete bo c1
done bo c1
why c5
----
c5 queued orders headstart=0s
c4 wrapped up by bo for 20s
c4 ended completed
c1 wrapped up by bo for 20s
c1 ended completed
c5 waits: 2 agents could take it, all at capacity
c5 and ana: capacity 25/25, cost 25; holds 1 of at most 1 webchat;
c5 and bo: capacity 25/25, cost 25; holds 1 of at most 1 webchat;

complete bo c2
done bo c2
----
c2 wrapped up by bo for 20s
c2 ended completed
c5 offered bo deadline=20s

# An adapter may direct a new contact too. Who is off duty is not waited for.
signout ana
direct c6 orders bo exceed
direct c7 orders ana
----
c3 back in line from ana (agent_signed_out)
ana signed out (agent)
c6 queued orders headstart=0s
c6 reserved for bo for 60s
c6 offered bo deadline=20s (reserved)
c7 queued orders headstart=0s
c7 reserved for ana for 60s
c7 no longer reserved (agent_offline)
