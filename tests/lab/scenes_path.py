CHECK = []
ALL = []
