# A warm transfer: the agent goes on serving the customer until the next one has accepted. Nobody waits in between.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR timeout 15s strategy longest_idle
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT capacity 25
agent cy orders=SENIOR capacity 25

signin ana
signin bo
signin cy
contact c1 billing
accept ana c1
transfer ana c1 queue orders warm
refused transfer ana c1 agent cy warm
----
ana signed in
bo signed in
cy signed in
c1 queued billing headstart=0s
c1 offered ana deadline=15s
c1 accepted ana
c1 stays with ana, who asks queue orders to take it within 60s
c1 offered bo deadline=15s (warm)
refused: contacts/1 is being passed on warm already; wait for the answer, or pass it on at once

# Bo's room is taken from the offer on. Who declines is not asked again; the next one is.
decline bo c1
accept cy c1
refused complete ana c1
----
c1 offer declined bo misses=0 (warm)
c1 offered cy deadline=15s (warm)
c1 passed on by ana to queue orders (warm)
c1 accepted cy
refused: contacts/1 is not held by agents/ana

# To one agent, who has no room: asked as soon as there is some, within the transfer wait.
contact c2 billing
accept ana c2
transfer ana c2 agent cy warm
advance 20s
complete cy c1
accept cy c2
----
c2 queued billing headstart=0s
c2 offered ana deadline=15s
c2 accepted ana
c2 stays with ana, who asks cy to take it within 60s
c1 ended completed
c2 offered cy deadline=15s (reserved) (warm)
c2 passed on by ana to cy (warm)
c2 accepted cy

# Who is asked and does not answer leaves it where it is.
contact c3 billing
accept ana c3
transfer ana c3 agent bo warm
advance 15s
complete ana c3
----
c3 queued billing headstart=0s
c3 offered ana deadline=15s
c3 accepted ana
c3 stays with ana, who asks bo to take it within 60s
c3 offered bo deadline=15s (reserved) (warm)
c3 offer lapsed bo misses=1 (warm)
c3 is not passed on by ana (waited)
c3 ended completed

# Nobody has room for long enough: it stays.
contact c4 orders
accept bo c4
contact c5 billing
accept ana c5
transfer ana c5 skill orders>=SENIOR warm
advance 60s
complete ana c5
----
c4 queued orders headstart=0s
c4 offered bo deadline=15s
c4 accepted bo
c5 queued billing headstart=0s
c5 offered ana deadline=15s
c5 accepted ana
c5 stays with ana, who asks others to take it within 60s
c5 is not passed on by ana (waited)
c5 ended completed

# It competes for the next agent with those in line, by its own place: c6 came before c7.
contact c6 billing
accept ana c6
contact c7 orders needs orders>=SENIOR
advance 10s
transfer ana c6 queue orders warm
complete bo c4
accept bo c6
----
c6 queued billing headstart=0s
c6 offered ana deadline=15s
c6 accepted ana
c7 queued orders headstart=0s
c6 stays with ana, who asks queue orders to take it within 60s
c4 ended completed
c6 offered bo deadline=15s (warm)
c6 passed on by ana to queue orders (warm)
c6 accepted bo

# Whatever takes the contact away calls it off: the customer leaves, the agent signs out.
complete bo c6
leave c7
contact c8 billing
accept ana c8
transfer ana c8 agent bo warm
leave c8
contact c9 billing
accept ana c9
transfer ana c9 agent bo warm
signout ana
----
c6 ended completed
c7 offered bo deadline=15s
c7 offer revoked bo misses=0 (customer_left)
c7 ended abandoned
c8 queued billing headstart=0s
c8 offered ana deadline=15s
c8 accepted ana
c8 stays with ana, who asks bo to take it within 60s
c8 offered bo deadline=15s (reserved) (warm)
c8 is not passed on by ana (contact_ended)
c8 offer revoked bo misses=0 (customer_left) (warm)
c8 ended completed
c9 queued billing headstart=0s
c9 offered ana deadline=15s
c9 accepted ana
c9 stays with ana, who asks bo to take it within 60s
c9 offered bo deadline=15s (reserved) (warm)
c9 is not passed on by ana (agent_signed_out)
c9 offer revoked bo misses=0 (transfer_ended) (warm)
c9 back in line from ana (agent_signed_out)
ana signed out (agent)
