# A gold customer goes before those without standing who came less than three minutes earlier, and not before others.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT

contact early billing phone
advance 61s
contact late billing phone
advance 120s
contact gold billing phone vip gold
signin ana
----
early queued billing headstart=0s
late queued billing headstart=0s
gold queued billing headstart=180s
ana signed in
early offered ana deadline=15s
ana keeps room for late

complete ana early
accept ana early
complete ana early
----
refused: contacts/1 is offered, not active
early accepted ana
early ended completed
gold offered ana deadline=15s

accept ana gold
complete ana gold
----
gold accepted ana
gold ended completed
late offered ana deadline=15s
ana keeps no more room for late (served)
