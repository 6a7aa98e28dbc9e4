# An agent who needs advice asks a colleague and goes on serving; nobody's capacity is taken for it.
queue orders needs orders>=JUNIOR
agent ana orders=JUNIOR capacity 25
agent bo orders=EXPERT capacity 25
agent cy orders=EXPERT capacity 25

signin ana
signin bo
contact c1 orders
accept ana c1
contact c2 orders
accept bo c2
consult ana c1 bo
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

# One colleague at a time, somebody else, and somebody who is there.
refused consult ana c1 bo
refused consult bo c2 bo
refused consult bo c2 cy
----
refused: agents/bo is consulted on contacts/1 already; end that first
refused: agents/bo serves contacts/2; ask somebody else
refused: agents/cy is not signed in

# Either side may end it.
consulted bo c1
consult ana c1 bo
consulted ana c1
----
c1: bo is no longer consulted (colleague)
c1: bo is consulted
c1: bo is no longer consulted (agent)

# It ends with the conversation, and when the colleague leaves.
consult ana c1 bo
consult bo c2 ana
leave c1
signout bo
----
c1: bo is consulted
c2: ana is consulted
c1: bo is no longer consulted (contact_ended)
c1 ended completed
c2: ana is no longer consulted (agent_signed_out)
c2 back in line from bo (agent_signed_out)
bo signed out (agent)
c2 offered ana deadline=20s
