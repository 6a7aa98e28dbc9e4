# Three clocks run for every contact. Its place in line goes by when it came; what it asks for, and how long it may wait,
# by when it came into its queue; who is asked again after a miss, by when it came back into line.
queue billing needs billing>=SENIOR timeout 10s relax 33s billing>=JUNIOR
queue orders needs orders>=EXPERT timeout 10s relax 20s orders>=JUNIOR waitmax 50s
agent ana billing=SENIOR
agent bo orders=JUNIOR capacity 25

contact c1 billing
advance 15s
clocks c1
----
c1 queued billing headstart=0s
c1 is here for 15s, in billing for 15s, queued for 15s

# An unanswered offer begins the last clock anew, and no other. Nobody else may take it: after five seconds in line she is
# asked again.
signin ana
advance 10s
clocks c1
advance 5s
clocks c1
----
ana signed in
c1 offered ana deadline=10s
c1 offer lapsed ana misses=1
c1 is here for 25s, in billing for 25s, queued for 0s
c1 offered ana deadline=10s (asked again)
c1 is here for 30s, in billing for 30s, offered for 0s

# So relaxation comes 33 s after it came into billing, whatever was offered meanwhile; and she is asked again two seconds
# later, five after she declined.
decline ana c1
advance 3s
clocks c1
advance 2s
clocks c1
----
c1 offer declined ana misses=1
c1 now asks for billing >= JUNIOR
c1 is here for 33s, in billing for 33s, queued for 3s
c1 offered ana deadline=10s (asked again)
c1 is here for 35s, in billing for 35s, offered for 0s

# Into another queue: the clock of the queue begins anew, that of the contact does not.
accept ana c1
contact c2 orders
advance 10s
clocks c1
transfer ana c1 queue orders
clocks c1
clocks c2
----
c1 accepted ana
c2 queued orders headstart=0s
c1 is here for 45s, in billing for 45s, active for 10s
c1 passed on by ana to queue orders
c1 is here for 45s, in orders for 0s, queued for 0s
c2 is here for 10s, in orders for 10s, queued for 10s

# What orders asks for relaxes 20 s after each came into it: first for c2. The place is the earlier comer's all the same.
advance 10s
clocks c2
advance 10s
signin bo
clocks c1
----
c2 now asks for orders >= JUNIOR
c2 is here for 20s, in orders for 20s, queued for 20s
c1 now asks for orders >= JUNIOR
bo signed in
c1 offered bo deadline=10s
c1 is here for 65s, in orders for 20s, offered for 0s

# And the longest wait in orders is counted from there, too.
decline bo c1
accept bo c2
advance 29s
clocks c1
advance 1s
----
c1 offer declined bo misses=0
c2 offered bo deadline=10s
c2 accepted bo
c1 is here for 94s, in orders for 49s, queued for 29s
c1 ended expired
