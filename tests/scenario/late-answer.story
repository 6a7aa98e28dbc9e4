# An answer counts only while its offer is open; there is never a second winner.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT

signin bo
signin ana
contact c1 orders
advance 15s
refused accept bo c1
accept ana c1
refused accept bo c1
----
bo signed in
ana signed in
c1 queued orders headstart=0s
c1 offered bo deadline=15s
c1 offer lapsed bo misses=1
c1 offered ana deadline=15s
refused: contacts/1/offers/1 is no longer open: it lapsed, was answered or taken back
c1 accepted ana
refused: contacts/1/offers/1 is no longer open: it lapsed, was answered or taken back

contact c2 billing
leave c2
refused accept ana c2
----
c2 queued billing headstart=0s
c2 offered ana deadline=15s
c2 offer revoked ana misses=0 (customer_left)
c2 ended abandoned
refused: contacts/2/offers/3 is no longer open: it lapsed, was answered or taken back
