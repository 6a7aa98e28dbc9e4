# Where a queue allows it, agents take a waiting contact themselves; elsewhere they may not.
queue billing needs billing>=JUNIOR
queue ideas needs ideas>=JUNIOR picking
agent ana billing=JUNIOR ideas=JUNIOR
agent bo billing=JUNIOR

signin ana
signin bo
contact idea ideas
decline ana idea
refused claim bo idea
claim ana idea
----
ana signed in
bo signed in
idea queued ideas headstart=0s
idea offered ana deadline=20s
idea offer declined ana misses=0
refused: agents/bo may not take contacts/1 now; explain tells which test fails
idea offered ana deadline=20s (picked)
idea accepted ana

contact bill billing
refused claim ana bill
----
bill queued billing headstart=0s
bill offered ana deadline=20s
refused: queue "billing" does not let agents pick; wait for an offer
