# Who misses two offers in a row is set away; whoever declines is there, and is not.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT

signin ana
contact c1 billing
advance 15s
----
ana signed in
c1 queued billing headstart=0s
c1 offered ana deadline=15s
c1 offer lapsed ana misses=1

# There is nobody else: she is asked again after a moment, not only after the back-off.
advance 5s
advance 15s
----
c1 offered ana deadline=15s (asked again)
c1 offer lapsed ana misses=2
ana AWAY (missed)

back ana
advance 5s
decline ana c1
----
ana AVAILABLE
c1 offered ana deadline=15s (asked again)
c1 offer declined ana misses=0
