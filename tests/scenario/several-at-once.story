# Two are asked at once: the first to accept wins, and the other is told who was faster and is not charged for it.
queue sales needs sales>=JUNIOR strategy most_skilled timeout 15s offers 2
agent ana sales=EXPERT
agent bo sales=SENIOR
agent cy sales=JUNIOR

signin ana
signin bo
signin cy
contact c1 sales phone
accept bo c1
refused accept ana c1
----
ana signed in
bo signed in
cy signed in
c1 queued sales headstart=0s
c1 offered ana deadline=15s
c1 offered bo deadline=15s
c1 offer revoked ana misses=0 (other_agent) others open
c1 accepted bo
refused: another agent was first: contacts/1/offers/1 was taken back

# One says no: the other is still asked. Only when nobody is left who may accept do others get it.
contact c2 sales phone
decline ana c2
advance 15s
----
c2 queued sales headstart=0s
c2 offered ana deadline=15s
c2 offered cy deadline=15s
c2 offer declined ana misses=0 others open
c2 offer lapsed cy misses=1

# The customer leaves: both offers are taken back, and nobody has missed anything.
complete bo c1
leave c2
contact c3 sales phone
leave c3
----
c1 ended completed
c2 offered bo deadline=15s
c2 offer revoked bo misses=0 (customer_left)
c2 ended abandoned
c3 queued sales headstart=0s
c3 offered ana deadline=15s
c3 offered bo deadline=15s
c3 offer revoked ana misses=0 (customer_left) others open
c3 offer revoked bo misses=0 (customer_left)
c3 ended abandoned
