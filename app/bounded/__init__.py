"""Work whose cost grows with what it is given: done in a child process with bounds, one mechanism for all of it.

`@bounded(...)` (task.py) makes a function a task. A call runs it in a child that has so much time and memory and no more,
forked by a helper process that holds the libraries ready (helper.py, child.py). The process that asks (asking.py, turns.py)
waits its turn, does the same work once for all who ask for it at the same time, and ends the child when nobody is left.
"""

from app.bounded.bounds import LIMITS, MB, QUICK, SLOW, Data, Source, content, size
from app.bounded.task import TASKS, Task, bounded

__all__ = ["LIMITS", "MB", "QUICK", "SLOW", "TASKS", "Data", "Source", "Task", "bounded", "content", "size"]
