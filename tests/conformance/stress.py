def parse(text):
    return []
def cases(build, chosen):
    return []
