# An absent agent does not cost the caller a place in line.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT

signin bo
signin ana
contact c1 orders
----
bo signed in
ana signed in
c1 queued orders headstart=0s
c1 offered bo deadline=15s

advance 15s
----
c1 offer lapsed bo misses=1
c1 offered ana deadline=15s

advance 15s
----
c1 offer lapsed ana misses=1

# Both missed it and nobody else is there: after a moment Bo is asked again, and it is still at its place.
advance 15s
----
c1 offered bo deadline=15s (asked again)
